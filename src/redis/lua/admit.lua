-- Checks and holds all that matches a call, or holds nothing.
-- KEYS  h d i, the windows, the rates, and c q a of each limit of concurrency
-- ARGV  numbers: deadlineMs leaseMs waitedMs, fixed tokens and nano-USD, the same for each token of output,
--         output: most least usual, maxQueued queuePlaceMs, how many: budgets rates limits of concurrency;
--         each budget: lengthMs (rolling; else 0) and the boundaries before start end after, limit in tokens and
--         nano-USD (infinite for none), ratio (-1 for full), clamps;
--         each rate: perSecond burst waitUpToMs, is it in tokens;  each limit: max waitUpToMs
--       holdId, and the rest of its record, behind the starts: see holds.lua ('' if there is nothing to settle)
-- Reply numbers: nowMs, and what is named below; a kind
--       'late' | 'clock' | 'queued' ahead
--       'granted' output delayMs tokens nanoUsd, states: each budget's startMs endMs used held, held beyond (in both)
--       'denied' index detail, states; and the list: 'budgets' (the unit) | 'rates' (retryAfterMs) |
--         'concurrencies' (is the queue full)
local numbers, holdId, record = ARGV[1], ARGV[2], ARGV[3]
local deadlineMs, leaseMs, waitedMs, fixedTokens, fixedNanoUsd, tokensEach, nanoUsdEach, output, leastOutput, usualOutput,
  maxQueued, queuePlaceMs, budgetCount, rateCount, placeCount, budgetsFrom = unpackBytes('<ddddddddddddddd', numbers)
-- Nobody waits for the answer any more, and so nobody would own the hold.
if nowMs > deadlineMs then return { pack('<d', nowMs), 'late' } end

-- Behind which of the KEYS, and from which of the numbers' bytes on, each list lies.
local windowsAt, ratesAt, placesAt = 3, 3 + budgetCount, 3 + budgetCount + rateCount
local ratesFrom = budgetsFrom + budgetCount * 72
local placesFrom = ratesFrom + rateCount * 32
local values = placesAt > 3 and call('MGET', unpack(KEYS, 4, placesAt))

-- The cost of so much output, in tokens and in nano-USD.
local function costOf(out)
  return min(ceil(fixedTokens + out * tokensEach), largest), min(ceil(fixedNanoUsd + out * nanoUsdEach), largest)
end

local tokens, nanoUsd = costOf(output)
local usualTokens, usualNanoUsd = costOf(min(usualOutput, output))

local index, windows, fits, at = KEYS[3], {}, true, budgetsFrom
for i = 1, budgetCount do
  local lengthMs, beforeMs, startMs, endMs, afterMs, limitTokens, limitNanoUsd, ratio, clamps
  lengthMs, beforeMs, startMs, endMs, afterMs, limitTokens, limitNanoUsd, ratio, clamps, at =
    unpackBytes('<ddddddddd', numbers, at)
  local value = values[i]
  local window = value and { unpackBytes(cellFormat, value, headAt) }
  if window and window[1] <= nowMs and nowMs < window[2] then
    if lengthMs > 0 then window.step = { unpackBytes(cellFormat, value, restAt) } end
  elseif lengthMs > 0 then
    local key, rolling = KEYS[windowsAt + i], seldomUsed()
    window = value and rolling.roll(key, value, lengthMs, index) or rolling.new(key, lengthMs)
  else
    if nowMs < startMs then startMs, endMs = beforeMs, startMs
    elseif nowMs >= endMs then startMs, endMs = endMs, afterMs end
    -- The caller's clock is further off than a window is long.
    if nowMs < startMs or nowMs >= endMs then return { pack('<d', nowMs), 'clock' } end
    local key, calendar = KEYS[windowsAt + i], seldomUsed()
    window = value and calendar.turn(key, value, startMs, endMs) or calendar.new(key, 0, startMs, endMs)
  end
  if lengthMs > 0 then window.lengthMs = lengthMs end
  local spentTokens, spentNanoUsd, room = window[3] + window[5], window[4] + window[6], 1
  if ratio >= 0 then
    window.isLearned, room = true, 1 + ratio
    fits = fits and spentTokens + usualTokens <= limitTokens and spentNanoUsd + usualNanoUsd <= limitNanoUsd
  end
  fits = fits and spentTokens + window[7] + tokens <= limitTokens * room and
    spentNanoUsd + window[8] + nanoUsd <= limitNanoUsd * room
  windows[i] = window
end

-- Why the call is denied: the list, the place in it, and the detail.
local list, deniedAt, detail
if not fits then
  -- Each budget's limits, and how much of those may be held at worst.
  local limits, ratios, canClamp = {}, {}, {}
  for i = 1, budgetCount do
    local limitTokens, limitNanoUsd, ratio, clamps = unpackBytes('<dddd', numbers, budgetsFrom + i * 72 - 32)
    limits[i], ratios[i], canClamp[i] = { limitTokens, limitNanoUsd }, max(0, ratio), clamps == 1
  end

  -- The first budget, and its unit, into which a call with so much output doesn't fit.
  local function misfit(out)
    local most, usual = { costOf(out) }, { costOf(min(usualOutput, out)) }
    for i, window in ipairs(windows) do
      for unit = 1, 2 do
        local limit, spent = limits[i][unit], window[2 + unit] + window[4 + unit]
        if spent + window[6 + unit] + most[unit] > limit * (1 + ratios[i]) then return i, unit end
        if window.isLearned and spent + usual[unit] > limit then return i, unit end
      end
    end
  end

  -- The largest output, up to `out`, whose cost fits; the quotient may be off by a rounding.
  local function lower(unit, out, amount)
    local fixed, each = unit == 1 and fixedTokens or fixedNanoUsd, unit == 1 and tokensEach or nanoUsdEach
    if each == 0 or ceil(fixed + out * each) <= amount then return out end
    local most = min(out, floor((amount - fixed) / each) + 1)
    while most > leastOutput and ceil(fixed + most * each) > amount do most = most - 1 end
    return max(leastOutput, most)
  end

  if output > leastOutput then
    for i, window in ipairs(windows) do
      for unit = 1, 2 do
        if canClamp[i] then
          local limit, spent = limits[i][unit], window[2 + unit] + window[4 + unit]
          output = lower(unit, output, limit * (1 + ratios[i]) - spent - window[6 + unit])
          local usual = { costOf(min(usualOutput, output)) }
          if window.isLearned and usual[unit] > limit - spent then output = lower(unit, output, limit - spent) end
        end
      end
    end
  end
  deniedAt, detail = misfit(output)
  list = deniedAt and 'budgets'
  tokens, nanoUsd = costOf(output)
  usualTokens, usualNanoUsd = costOf(min(usualOutput, output))
end

local places = {}
if placeCount > 0 then
  -- Those that no longer ask have lost their place; for those that asked in a future that was taken back, time
  -- begins anew.
  local function tidyQueue(place)
    for _, id in ipairs(call('ZRANGEBYSCORE', place.asked, '-inf', nowMs - queuePlaceMs)) do
      leaveQueue(place.queue, place.asked, id)
    end
    for _, id in ipairs(call('ZRANGEBYSCORE', place.asked, nowMs + 1, '+inf')) do
      call('ZADD', place.asked, nowMs, id)
    end
  end

  for i = 1, placeCount do
    local keyAt, maxPlaces, waitUpToMs = placesAt + i * 3 - 2, unpackBytes('<dd', numbers, placesFrom + i * 16 - 16)
    local place =
      { key = KEYS[keyAt], queue = KEYS[keyAt + 1], asked = KEYS[keyAt + 2], max = maxPlaces, waitUpToMs = waitUpToMs }
    place.queued = call('ZCARD', place.queue)
    if place.queued > 0 then
      tidyQueue(place)
      place.queued = call('ZCARD', place.queue)
      place.waiting = call('ZRANK', place.queue, holdId)
    end
    place.ahead = place.waiting or place.queued
    places[i] = place
  end

  local isBlocked = false
  for i, place in ipairs(places) do
    if list then break end
    local taken = call('ZCOUNT', place.key, nowMs + 1, '+inf')
    if place.ahead >= place.max - taken then
      place.isBlocked, isBlocked = true, true
      if waitedMs >= place.waitUpToMs then
        list, deniedAt, detail = 'concurrencies', i, 0
      elseif not place.waiting and place.queued >= maxQueued then
        list, deniedAt, detail = 'concurrencies', i, 1
      end
    end
  end
  if isBlocked and not list then
    local ahead = 0
    for _, place in ipairs(places) do
      if place.isBlocked then ahead = max(ahead, place.ahead) end
      if place.isBlocked and not place.waiting then
        -- Behind the last one, even if both came within a microsecond or the clock was set back.
        local last = call('ZRANGE', place.queue, -1, -1, 'WITHSCORES')
        call('ZADD', place.queue, max(nowUs, (last[2] or 0) + 1), holdId)
      end
      if place.isBlocked or place.waiting then
        call('ZADD', place.asked, nowMs, holdId)
        call('PEXPIRE', place.queue, queuePlaceMs)
        call('PEXPIRE', place.asked, queuePlaceMs)
      end
    end
    return { pack('<dd', nowMs, ahead), 'queued' }
  end
end

local delayMs, levels, expiries = 0, {}, {}
if not list then
  detail = 0
  for i = 1, rateCount do
    local perSecond, burst, waitUpToMs, isInTokens = unpackBytes('<dddd', numbers, ratesFrom + i * 32 - 32)
    local level, expiresMs, isAhead = readRate(values[budgetCount + i], perSecond)
    -- From now on it drains again, whatever comes of this call.
    if isAhead then expiresMs = writeRate(KEYS[ratesAt + i], level, perSecond, expiresMs) end
    local cost = isInTokens == 1 and tokens or 1
    local over = cost > burst and level or level + cost - burst
    if over > 0 then
      local waitMs = min(ceil(over / perSecond * 1000), largest)
      if waitedMs + waitMs > waitUpToMs and waitMs > detail then list, deniedAt, detail = 'rates', i, waitMs end
      delayMs = max(delayMs, waitMs)
    end
    levels[i], expiries[i] = level + cost, expiresMs
  end
end

-- A rolling window's state is that of now.
local function stateOf(window)
  if not window.step then return packCell(window) end
  return pack(cellFormat, nowMs - window.lengthMs, nowMs, unpack(window, 3, 8))
end

local states = {}
if list then
  for _, place in ipairs(places) do
    if place.waiting then leaveQueue(place.queue, place.asked, holdId) end
  end
  for i, window in ipairs(windows) do states[i] = stateOf(window) end
  return { pack('<ddd', nowMs, deniedAt - 1, detail) .. table.concat(states), 'denied', list }
end

-- Granted: from here on all is written.
local function holdIn(cell, isLearned)
  cell[5] = min(cell[5] + (isLearned and usualTokens or tokens), largest)
  cell[6] = min(cell[6] + (isLearned and usualNanoUsd or nanoUsd), largest)
  if isLearned then
    cell[7] = min(cell[7] + tokens - usualTokens, largest)
    cell[8] = min(cell[8] + nanoUsd - usualNanoUsd, largest)
  end
end
local starts = ''
for i = 1, budgetCount do
  local window = windows[i]
  local step = window.step
  holdIn(window, window.isLearned)
  if step then holdIn(step, window.isLearned) end
  local written = packCell(window)
  states[i] = step and stateOf(window) or written
  starts = starts .. pack('<d', window[1])
  if window.others then
    seldomUsed().rewrite(window, index)
  else
    call('SETRANGE', KEYS[windowsAt + i], headOffset, step and written .. packCell(step) or written)
  end
end
for i = 1, rateCount do
  writeRate(KEYS[ratesAt + i], levels[i], unpackBytes('<d', numbers, ratesFrom + i * 32 - 32), expiries[i])
end
-- With nothing to put right later there is nothing to settle.
if record ~= '' then
  local head = pack('<dddddd', nowMs, tokens, nanoUsd, usualTokens, usualNanoUsd, budgetCount)
  call('HSET', KEYS[1], holdId, head .. starts .. record)
  call('ZADD', KEYS[2], nowMs + leaseMs, holdId)
end
for _, place in ipairs(places) do
  call('ZREMRANGEBYSCORE', place.key, '-inf', nowMs)
  if place.waiting then leaveQueue(place.queue, place.asked, holdId) end
  call('ZADD', place.key, nowMs + leaseMs, holdId)
end
return { pack('<ddddd', nowMs, output, delayMs, tokens, nanoUsd) .. table.concat(states), 'granted' }
