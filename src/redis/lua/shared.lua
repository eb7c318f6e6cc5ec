-- Put before every script. KEYS are an organisation's `h` and `i`; all that it has begins as they do, its hash
-- tag included. There are two, for a cluster that moves them refuses the script (TRYAGAIN) while it has but one.
--
--   w:<window>  hash     a window: t n used, ht hn held, xt xn held beyond that at worst (learned budgets), in
--                        tokens and nano-USD; e its end. Rolling: l its length, s the step that it was summed
--                        up for, and one field for each step with the same six amounts, joined
--   i           zset     windows by the time at which they are over
--   h           hash     holds by id, packed; they never expire, since windows would go on holding them
--   d           zset     holds by the time at which they are due: lease ended, or upstream to be asked
--   s:<hold>    string   a hold that was settled, packed, with its charge
--   u:<id>      string   the hold of work that goes on upstream
--   r:<rate>    string   a bucket's level, and the time in us at which it was so high
--   c:<limit>   zset     holds that have a place, by the end of their lease
--   q:<limit>   zset     holds that wait for one, in order;  a:<limit> the same by when they last asked
--
-- Numbers go to redis.call as they are: it writes them with 17 digits, and so exactly. They are never joined
-- to a text with `..`, which writes 14.
local base = string.sub(KEYS[1], 1, -2)
local time = redis.call('TIME')
local nowUs = time[1] * 1000000 + time[2]
local nowMs = math.floor(nowUs / 1000)

local position = 0
local function take()
  position = position + 1
  return ARGV[position]
end
local function takeNumber()
  return tonumber(take())
end

-- As `largestAmount` in src/ledger/amounts.ts.
local largest = 9007000000000000
local rollingSteps = 60
local amounts = { 't', 'n', 'ht', 'hn', 'xt', 'xn' }
local shortestKeptMs, longestKeptMs = 600000, 172800000

local function bounded(amount)
  return math.max(0, math.min(amount, largest))
end

-- How long a window is kept for calls that outlive it.
local function keptMs(lengthMs)
  return math.max(shortestKeptMs, math.min(lengthMs, longestKeptMs))
end

local function stepAt(atMs, lengthMs)
  return math.floor(atMs / (lengthMs / rollingSteps))
end

local function stepField(step)
  return string.format('%.0f', step)
end

local function parseCell(cell)
  local sums = {}
  for amount in string.gmatch(cell, '%S+') do sums[#sums + 1] = tonumber(amount) end
  return sums
end

-- Sums a rolling window up for the step that the clock is in, without the steps that have rolled out of it.
-- Steps ahead of a clock that was set back still count.
local function roll(window, step)
  local sums, cells, old = { 0, 0, 0, 0, 0, 0 }, redis.call('HGETALL', window.key), {}
  local latest = step
  for at = 1, #cells, 2 do
    local cellStep = tonumber(cells[at])
    if cellStep and cellStep < step - rollingSteps then
      old[#old + 1] = cells[at]
    elseif cellStep then
      latest = math.max(latest, cellStep)
      for i, amount in ipairs(parseCell(cells[at + 1])) do sums[i] = bounded(sums[i] + amount) end
    end
  end
  if #old > 0 then redis.call('HDEL', window.key, unpack(old)) end
  window.sums = sums
  local set = { 's', step, 'l', window.lengthMs }
  for i = 1, 6 do
    set[#set + 1] = amounts[i]
    set[#set + 1] = sums[i]
  end
  redis.call('HSET', window.key, unpack(set))
  local overMs = math.ceil((latest + rollingSteps + 1) * (window.lengthMs / rollingSteps))
  redis.call('ZADD', base .. 'i', overMs, window.name)
  redis.call('PEXPIREAT', window.key, overMs + keptMs(window.lengthMs))
end

-- A window as it is now; `lengthMs` is 0 for a calendar one. Not `found` if it isn't there: it isn't made by
-- being looked at.
local function readWindow(name, lengthMs)
  local key, isRolling = base .. 'w:' .. name, lengthMs > 0
  local found = redis.call('HMGET', key, 't', 'n', 'ht', 'hn', 'xt', 'xn', isRolling and 's' or 'e')
  local last = found[7]
  local window = {
    name = name,
    key = key,
    lengthMs = lengthMs,
    found = last,
    startMs = isRolling and nowMs - lengthMs or nil,
    endMs = isRolling and nowMs or tonumber(last or nil),
    step = isRolling and stepAt(nowMs, lengthMs) or nil,
    sums = { 0, 0, 0, 0, 0, 0 },
  }
  if last and isRolling and last + 0 ~= window.step then
    roll(window, window.step)
  elseif last then
    window.sums = { found[1] + 0, found[2] + 0, found[3] + 0, found[4] + 0, found[5] + 0, found[6] + 0 }
  end
  return window
end

-- Makes a window that was not there. A calendar one must have its start and its end.
local function createWindow(window)
  window.found = true
  -- Those that only just ended may come back with a clock that is set back.
  redis.call('ZREMRANGEBYSCORE', base .. 'i', '-inf', nowMs - longestKeptMs)
  if window.lengthMs > 0 then return roll(window, window.step) end
  redis.call('HSET', window.key, 't', 0, 'n', 0, 'ht', 0, 'hn', 0, 'xt', 0, 'xn', 0, 'e', window.endMs)
  redis.call('PEXPIREAT', window.key, window.endMs + keptMs(window.endMs - window.startMs))
  if window.endMs > nowMs then redis.call('ZADD', base .. 'i', window.endMs, window.name) end
end

-- Adds six amounts to a window, in a rolling one to the step of admission. None falls below zero.
local function addToWindow(window, step, changes)
  local set, sums = { 'HSET', window.key }, window.sums
  if window.lengthMs > 0 then
    local field = stepField(step)
    local cell = parseCell(redis.call('HGET', window.key, field) or '0 0 0 0 0 0')
    local applied = {}
    for i = 1, 6 do
      local before = cell[i]
      cell[i] = bounded(before + changes[i])
      applied[i] = cell[i] - before
    end
    set[3], set[4] = field, string.format('%.0f %.0f %.0f %.0f %.0f %.0f', unpack(cell))
    changes = applied
  end
  for i = 1, 6 do
    if changes[i] ~= 0 then
      sums[i] = bounded(sums[i] + changes[i])
      set[#set + 1] = amounts[i]
      set[#set + 1] = sums[i]
    end
  end
  if #set > 2 then redis.call(unpack(set)) end
end

-- What is in a bucket now. A clock that was set back drains nothing.
local function readRate(key, perSecond)
  local found = redis.call('GET', key)
  if not found then return 0 end
  local level, atUs = string.match(found, '^(%S+) (%S+)$')
  level, atUs = level + 0, atUs + 0
  if atUs > nowUs then return level, true end
  return math.max(0, level - perSecond * (nowUs - atUs) / 1000000)
end

local function writeRate(key, level, perSecond)
  if level <= 0 then return redis.call('DEL', key) end
  local drainedMs = math.min(math.ceil(level / perSecond * 1000), largest)
  redis.call('SET', key, string.format('%.17g %.0f', level, nowUs), 'PX', drainedMs)
end

-- A hold's lease, and its places with it, end at this time.
local function setDue(holdId, hold, dueMs, keepsPlaces)
  redis.call('ZADD', base .. 'd', dueMs, holdId)
  if keepsPlaces then
    for _, limit in ipairs(hold.places) do redis.call('ZADD', base .. 'c:' .. limit, dueMs, holdId) end
  end
end

local function readHold(holdId)
  local packed = redis.call('HGET', base .. 'h', holdId)
  return packed and cmsgpack.unpack(packed)
end

local function leaveQueue(limit, holdId)
  redis.call('ZREM', base .. 'q:' .. limit, holdId)
  redis.call('ZREM', base .. 'a:' .. limit, holdId)
end
