-- Checks and holds all that matches a call, or holds nothing.
-- KEYS  h i
-- ARGV  deadlineMs holdId leaseMs waitedMs, fixed tokens and nano-USD, the same for each token of output,
--       output: most, least, usual; operation model;
--       budgets: count, then name lengthMs (rolling; else 0 and the four boundaries before start end after),
--         limit in tokens and nano-USD ('' for none) enforced clamps ratio ('' for full);
--       rates: count, then name unit perSecond burst waitUpToMs;
--       concurrencies: count, then name max waitUpToMs; maxQueued queuePlaceMs
-- Reply {'late'|'clock', nowMs}
--       {'granted', nowMs, output, delayMs, tokens, nanoUsd, states...}, each startMs endMs used held (in both)
--       {'denied', nowMs, list, index, detail, states...}, detail: the unit | retryAfterMs | is the queue full
--       {'queued', nowMs, ahead}
local deadlineMs, holdId, leaseMs, waitedMs = takeNumber(), take(), takeNumber(), takeNumber()
-- Nobody waits for the answer any more, and so nobody would own the hold.
if nowMs > deadlineMs then return { 'late', nowMs } end

local fixed = { takeNumber(), takeNumber() }
local perOutput = { takeNumber(), takeNumber() }
local output, leastOutput, usualOutput = takeNumber(), takeNumber(), takeNumber()
local operation, model = take(), take()

local budgets = {}
for i = 1, takeNumber() do
  local name, lengthMs, startMs, endMs = take(), takeNumber(), nil, nil
  if lengthMs == 0 then
    local bounds = { take(), take(), take(), take() }
    for at = 1, 3 do
      if bounds[at] + 0 <= nowMs and nowMs < bounds[at + 1] + 0 then startMs, endMs = bounds[at], bounds[at + 1] end
    end
    -- The caller's clock is further off than a window is long.
    if not startMs then return { 'clock', nowMs } end
    name = name .. startMs
  end
  local window = readWindow(name, lengthMs)
  window.startMs, window.endMs = window.startMs or startMs + 0, window.endMs or endMs + 0
  budgets[i] = window
  window.limits = { takeNumber() or false, takeNumber() or false }
  window.enforced, window.clamps, window.ratio = take() == '1', take() == '1', takeNumber()
end

-- What is left of a unit's limit for what is usual, and for the worst.
local function room(window, unit)
  local limit, sums = window.limits[unit], window.sums
  local left = limit - sums[unit] - sums[unit + 2]
  local worst = limit * (1 + (window.ratio or 0)) - sums[unit] - sums[unit + 2] - sums[unit + 4]
  return window.ratio and left or worst, worst
end

local function cost(unit, out)
  return bounded(math.ceil(fixed[unit] + out * perOutput[unit]))
end

-- The largest output, up to `out`, whose cost fits; the quotient may be off by a rounding.
local function lower(unit, out, amount)
  if perOutput[unit] == 0 or cost(unit, out) <= amount then return out end
  local fits = math.min(out, math.floor((amount - fixed[unit]) / perOutput[unit]) + 1)
  while fits > leastOutput and cost(unit, fits) > amount do fits = fits - 1 end
  return math.max(leastOutput, fits)
end

-- The first budget, and its unit, into which a call with so much output doesn't fit.
local function misfit(out)
  local usualOut = math.min(usualOutput, out)
  local most, usual = { cost(1, out), cost(2, out) }, { cost(1, usualOut), cost(2, usualOut) }
  for i, window in ipairs(budgets) do
    local limits, sums, ratio = window.limits, window.sums, window.ratio
    for unit = 1, 2 do
      if limits[unit] and window.enforced then
        local spent = sums[unit] + sums[unit + 2]
        if spent + sums[unit + 4] + most[unit] > limits[unit] * (1 + (ratio or 0)) then return i, unit end
        if ratio and spent + usual[unit] > limits[unit] then return i, unit end
      end
    end
  end
end

local misfitBudget, misfitUnit = misfit(output)
if misfitBudget and output > leastOutput then
  for _, window in ipairs(budgets) do
    for unit = 1, 2 do
      if window.enforced and window.clamps and window.limits[unit] then
        local usualRoom, worstRoom = room(window, unit)
        output = lower(unit, output, worstRoom)
        if cost(unit, math.min(usualOutput, output)) > usualRoom then output = lower(unit, output, usualRoom) end
      end
    end
  end
  misfitBudget, misfitUnit = misfit(output)
end
local usual = math.min(usualOutput, output)
local held = { cost(1, output), cost(2, output) }
local heldUsual = { cost(1, usual), cost(2, usual) }

local function withStates(reply)
  for _, window in ipairs(budgets) do
    local sums, at = window.sums, #reply
    reply[at + 1], reply[at + 2] = window.startMs, window.endMs
    reply[at + 3], reply[at + 4], reply[at + 5], reply[at + 6] = sums[1], sums[2], sums[3], sums[4]
  end
  return reply
end

-- What comes behind the budgets in ARGV is read in any case: a denied call gives up its places in queues.
local rates = {}
for i = 1, takeNumber() do
  rates[i] = { name = take(), unit = take(), perSecond = takeNumber(), burst = takeNumber(), waitUpToMs = takeNumber() }
end
local places = {}
for i = 1, takeNumber() do
  places[i] = { name = take(), max = takeNumber(), waitUpToMs = takeNumber() }
end
local maxQueued, queuePlaceMs = takeNumber(), takeNumber()

local function leaveQueues()
  for _, place in ipairs(places) do
    if place.waiting then leaveQueue(place.name, holdId) end
  end
end

-- Those that no longer ask have lost their place; for those that asked in a future that was taken back, time
-- begins anew.
local function tidyQueue(place)
  local asked = base .. 'a:' .. place.name
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', asked, '-inf', nowMs - queuePlaceMs)) do
    leaveQueue(place.name, id)
  end
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', asked, nowMs + 1, '+inf')) do
    redis.call('ZADD', asked, nowMs, id)
  end
end

for _, place in ipairs(places) do
  local queue = base .. 'q:' .. place.name
  place.queued = redis.call('ZCARD', queue)
  if place.queued > 0 then
    tidyQueue(place)
    place.queued = redis.call('ZCARD', queue)
    place.waiting = redis.call('ZRANK', queue, holdId)
  end
  place.ahead = place.waiting or place.queued
end

local function deny(list, index, detail)
  leaveQueues()
  return withStates({ 'denied', nowMs, list, index - 1, detail })
end

if misfitBudget then return deny('budgets', misfitBudget, misfitUnit) end

local isBlocked = false
for i, place in ipairs(places) do
  local taken = redis.call('ZCOUNT', base .. 'c:' .. place.name, nowMs + 1, '+inf')
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
    local queue, asked = base .. 'q:' .. place.name, base .. 'a:' .. place.name
    if place.isBlocked then ahead = math.max(ahead, place.ahead) end
    if place.isBlocked and not place.waiting then
      -- Behind the last one, even if both came within a microsecond or the clock was set back.
      local last = redis.call('ZRANGE', queue, -1, -1, 'WITHSCORES')
      redis.call('ZADD', queue, math.max(nowUs, (last[2] or 0) + 1), holdId)
    end
    if place.isBlocked or place.waiting then
      redis.call('ZADD', asked, nowMs, holdId)
      redis.call('PEXPIRE', queue, queuePlaceMs)
      redis.call('PEXPIRE', asked, queuePlaceMs)
    end
  end
  return { 'queued', nowMs, ahead }
end

local delayMs, deniedBy, retryAfterMs = 0, nil, 0
for i, rate in ipairs(rates) do
  local amount = rate.unit == 'tokens' and held[1] or 1
  local key = base .. 'r:' .. rate.name
  local level, isAhead = readRate(key, rate.perSecond)
  -- From now on it drains again, whatever comes of this call.
  if isAhead then writeRate(key, level, rate.perSecond) end
  local over = amount > rate.burst and level or level + amount - rate.burst
  local waitMs = over > 0 and math.min(math.ceil(over / rate.perSecond * 1000), largest) or 0
  if waitMs > 0 and waitedMs + waitMs > rate.waitUpToMs then
    if waitMs > retryAfterMs then deniedBy, retryAfterMs = i, waitMs end
  end
  delayMs = math.max(delayMs, waitMs)
  rate.level = level + amount
end
if deniedBy then return deny('rates', deniedBy, retryAfterMs) end

-- Granted: from here on all is written.
local hold = {
  at = nowMs, tokens = held[1], nanoUsd = held[2], operation = operation, model = model,
  lines = {}, rates = {}, places = {},
}
for i, window in ipairs(budgets) do
  if not window.found then createWindow(window) end
  local changes = { 0, 0, held[1], held[2], 0, 0 }
  if window.ratio then
    changes = { 0, 0, heldUsual[1], heldUsual[2], held[1] - heldUsual[1], held[2] - heldUsual[2] }
  end
  addToWindow(window, window.step, changes)
  hold.lines[i] = { window.name, window.lengthMs, window.step or window.startMs, unpack(changes, 3) }
end
for _, rate in ipairs(rates) do
  writeRate(base .. 'r:' .. rate.name, rate.level, rate.perSecond)
  if rate.unit == 'tokens' then hold.rates[#hold.rates + 1] = { rate.name, rate.perSecond } end
end
for i, place in ipairs(places) do
  redis.call('ZREMRANGEBYSCORE', base .. 'c:' .. place.name, '-inf', nowMs)
  if place.waiting then leaveQueue(place.name, holdId) end
  hold.places[i] = place.name
end
-- With nothing to put right later there is nothing to settle.
if #hold.lines + #hold.rates + #hold.places > 0 then
  redis.call('HSET', base .. 'h', holdId, cmsgpack.pack(hold))
  setDue(holdId, hold, nowMs + leaseMs, true)
end
return withStates({ 'granted', nowMs, output, delayMs, held[1], held[2] })
