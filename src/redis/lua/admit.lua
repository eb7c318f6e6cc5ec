-- Checks and holds all that matches a call, or holds nothing.
-- KEYS  h d i, the windows, the rates, and c q a of each limit of concurrency
-- ARGV  numbers: deadlineMs leaseMs waitedMs, fixed tokens and nano-USD, the same for each token of output,
--         output: most least usual, maxQueued queuePlaceMs, how many: budgets rates limits of concurrency;
--         each budget: lengthMs (rolling; else 0) and the boundaries before start end after, limit in tokens and
--         nano-USD (infinite for none), ratio (-1 for full), clamps;
--         each rate: perSecond burst waitUpToMs, is it in tokens;  each limit: max waitUpToMs
--       holdId, lines and note for the hold's record
-- Reply numbers: nowMs, and what is named below; a kind
--       'late' | 'clock' | 'queued' ahead
--       'granted' output delayMs tokens nanoUsd, states: each budget's startMs endMs used held (in both)
--       'denied' index detail, states; and the list: 'budgets' (the unit) | 'rates' (retryAfterMs) |
--         'concurrencies' (is the queue full)
local numbers, holdId, lines, note = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local deadlineMs, leaseMs, waitedMs, fixedTokens, fixedNanoUsd, tokensEach, nanoUsdEach, output, leastOutput, usualOutput,
  maxQueued, queuePlaceMs, budgetCount, rateCount, placeCount, at = unpackDoubles('<ddddddddddddddd', numbers)
-- Nobody waits for the answer any more, and so nobody would own the hold.
if nowMs > deadlineMs then return { pack('<d', nowMs), 'late' } end

local windowsAt, ratesAt, placesAt = 3, 3 + budgetCount, 3 + budgetCount + rateCount
local values = placesAt > 3 and call('MGET', unpack(KEYS, 4, placesAt))

local index, windows = KEYS[3], {}
for i = 1, budgetCount do
  local lengthMs, beforeMs, startMs, endMs, afterMs, limitTokens, limitNanoUsd, ratio, clamps
  lengthMs, beforeMs, startMs, endMs, afterMs, limitTokens, limitNanoUsd, ratio, clamps, at =
    unpackDoubles('<ddddddddd', numbers, at)
  local key, value = KEYS[windowsAt + i], values[i]
  local window = value and readWindow(key, value, index)
  if not (window and isNow(window)) then
    if lengthMs == 0 then
      if nowMs < startMs then startMs, endMs = beforeMs, startMs
      elseif nowMs >= endMs then startMs, endMs = endMs, afterMs end
      -- The caller's clock is further off than a window is long.
      if nowMs < startMs or nowMs >= endMs then return { pack('<d', nowMs), 'clock' } end
    end
    if window then turn(window, startMs, endMs) else window = newWindow(key, lengthMs, startMs, endMs) end
  end
  window[limit + 1], window[limit + 2] = limitTokens, limitNanoUsd
  window.ratio, window.clamps, window.isLearned = max(0, ratio), clamps == 1, ratio >= 0
  windows[i] = window
end

-- The cost of so much output, in tokens and in nano-USD.
local function costOf(out)
  return min(math.ceil(fixedTokens + out * tokensEach), largest), min(math.ceil(fixedNanoUsd + out * nanoUsdEach), largest)
end

-- The first budget, and its unit, into which a call with so much output doesn't fit.
local function misfit(out)
  local mostTokens, mostNanoUsd = costOf(out)
  local usualTokens, usualNanoUsd = costOf(min(usualOutput, out))
  for i = 1, budgetCount do
    local window = windows[i]
    for unit = 1, 2 do
      local most, spent = unit == 1 and mostTokens or mostNanoUsd, window[used + unit] + window[held + unit]
      if spent + window[beyond + unit] + most > window[limit + unit] * (1 + window.ratio) then return i, unit end
      local usual = unit == 1 and usualTokens or usualNanoUsd
      if window.isLearned and spent + usual > window[limit + unit] then return i, unit end
    end
  end
end

-- The largest output, up to `out`, whose cost fits; the quotient may be off by a rounding.
local function lower(unit, out, amount)
  local fixed, each = unit == 1 and fixedTokens or fixedNanoUsd, unit == 1 and tokensEach or nanoUsdEach
  if each == 0 or math.ceil(fixed + out * each) <= amount then return out end
  local fits = min(out, floor((amount - fixed) / each) + 1)
  while fits > leastOutput and math.ceil(fixed + fits * each) > amount do fits = fits - 1 end
  return max(leastOutput, fits)
end

local misfitBudget, misfitUnit = misfit(output)
if misfitBudget and output > leastOutput then
  for _, window in ipairs(windows) do
    for unit = 1, 2 do
      if window.clamps then
        local most, spent = window[limit + unit], window[used + unit] + window[held + unit]
        output = lower(unit, output, most * (1 + window.ratio) - spent - window[beyond + unit])
        local usual = { costOf(min(usualOutput, output)) }
        if window.isLearned and usual[unit] > most - spent then output = lower(unit, output, most - spent) end
      end
    end
  end
  misfitBudget, misfitUnit = misfit(output)
end
local tokens, nanoUsd = costOf(output)

local function withStates(reply)
  for i = 1, budgetCount do
    local window = windows[i]
    local startMs, endMs = window[1], window[2]
    if window.lengthMs > 0 then startMs, endMs = nowMs - window.lengthMs, nowMs end
    reply = reply .. pack('<dddddd', startMs, endMs, window[3], window[4], window[5], window[6])
  end
  return reply
end

-- What comes behind the budgets is read in any case: a denied call gives up its places in queues.
local rates, places = {}, {}
for i = 1, rateCount do
  local perSecond, burst, waitUpToMs, isInTokens
  perSecond, burst, waitUpToMs, isInTokens, at = unpackDoubles('<dddd', numbers, at)
  local rate = readRate(KEYS[ratesAt + i], values[budgetCount + i], perSecond)
  rate.burst, rate.waitUpToMs, rate.cost = burst, waitUpToMs, isInTokens == 1 and tokens or 1
  rates[i] = rate
end
for i = 1, placeCount do
  local keyAt, maxPlaces, waitUpToMs = placesAt + i * 3 - 2
  maxPlaces, waitUpToMs, at = unpackDoubles('<dd', numbers, at)
  places[i] = { key = KEYS[keyAt], queue = KEYS[keyAt + 1], asked = KEYS[keyAt + 2], max = maxPlaces, waitUpToMs = waitUpToMs }
end

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

for _, place in ipairs(places) do
  place.queued = call('ZCARD', place.queue)
  if place.queued > 0 then
    tidyQueue(place)
    place.queued = call('ZCARD', place.queue)
    place.waiting = call('ZRANK', place.queue, holdId)
  end
  place.ahead = place.waiting or place.queued
end

local function deny(list, i, detail)
  for _, place in ipairs(places) do
    if place.waiting then leaveQueue(place.queue, place.asked, holdId) end
  end
  return { withStates(pack('<ddd', nowMs, i - 1, detail)), 'denied', list }
end

if misfitBudget then return deny('budgets', misfitBudget, misfitUnit) end

local isBlocked = false
for i, place in ipairs(places) do
  local taken = call('ZCOUNT', place.key, nowMs + 1, '+inf')
  if place.ahead >= place.max - taken then
    if waitedMs >= place.waitUpToMs then return deny('concurrencies', i, 0) end
    if not place.waiting and place.queued >= maxQueued then return deny('concurrencies', i, 1) end
    place.isBlocked = true
    isBlocked = true
  end
end
if isBlocked then
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

local delayMs, deniedBy, retryAfterMs = 0, nil, 0
for i = 1, rateCount do
  local rate = rates[i]
  local level, cost = rate.level, rate.cost
  -- From now on it drains again, whatever comes of this call.
  if rate.isAhead then writeRate(rate) end
  local over = cost > rate.burst and level or level + cost - rate.burst
  if over > 0 then
    local waitMs = min(math.ceil(over / rate.perSecond * 1000), largest)
    if waitedMs + waitMs > rate.waitUpToMs and waitMs > retryAfterMs then deniedBy, retryAfterMs = i, waitMs end
    delayMs = max(delayMs, waitMs)
  end
  rate.level = level + cost
end
if deniedBy then return deny('rates', deniedBy, retryAfterMs) end

-- Granted: from here on all is written.
local usualTokens, usualNanoUsd = costOf(min(usualOutput, output))
local starts = ''
local function holdIn(cell, isLearned)
  change(cell, held + 1, isLearned and usualTokens or tokens)
  change(cell, held + 2, isLearned and usualNanoUsd or nanoUsd)
  if isLearned then
    change(cell, beyond + 1, tokens - usualTokens)
    change(cell, beyond + 2, nanoUsd - usualNanoUsd)
  end
end
for i = 1, budgetCount do
  local window = windows[i]
  holdIn(window, window.isLearned)
  if window.step then holdIn(window.step, window.isLearned) end
  starts = starts .. pack('<d', window[1])
  writeHead(window, index)
end
for i = 1, rateCount do writeRate(rates[i]) end
-- With nothing to put right later there is nothing to settle.
if lines ~= '' then
  call('HSET', KEYS[1], holdId, cmsgpack.pack(nowMs, tokens, nanoUsd, usualTokens, usualNanoUsd, lines, starts, note))
  call('ZADD', KEYS[2], nowMs + leaseMs, holdId)
end
for _, place in ipairs(places) do
  call('ZREMRANGEBYSCORE', place.key, '-inf', nowMs)
  if place.waiting then leaveQueue(place.queue, place.asked, holdId) end
  call('ZADD', place.key, nowMs + leaseMs, holdId)
end
return { withStates(pack('<ddddd', nowMs, output, delayMs, tokens, nanoUsd)), 'granted' }
