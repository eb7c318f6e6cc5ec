-- Ends a hold in exactly one charge.
-- KEYS  h i
-- ARGV  by ('hold'|'upstream') id tombstoneMs lateNewsMs, estimated, tokens and nano-USD ('' for all that was
--       held), and '0', or '1' with how to charge a hold that the store doesn't know: tokens nano-USD (held)
--       admittedAtMs; budgets: count, then name lengthMs startMs endMs; rates in tokens: count, then name perSecond
-- Reply {'none', nowMs}, or
--       {'settled'|'corrected'|'recovered'|'duplicate', nowMs, held, charged (in both), has it a note,
--       operation, model, budgets...}, each name startMs, used before, used after (in both)
local by, holdId, tombstoneMs, lateNewsMs = take(), take(), takeNumber(), takeNumber()
local estimated = take() == '1'
local tokens, nanoUsd = takeNumber(), takeNumber()
if by == 'upstream' then
  holdId = redis.call('GET', base .. 'u:' .. holdId)
  if not holdId then return { 'none', nowMs } end
end
local tombstone = base .. 's:' .. holdId

local function answer(kind, hold, touched)
  local hasNote = hold.operation and 1 or 0
  local reply = { kind, nowMs, hold.tokens, hold.nanoUsd, hold.charged[1], hold.charged[2], hasNote,
    hold.operation or '', hold.model or '' }
  for _, each in ipairs(touched or {}) do
    local at = #reply
    reply[at + 1], reply[at + 2] = each.name, each.startMs
    reply[at + 3], reply[at + 4], reply[at + 5], reply[at + 6] = each.before[1], each.before[2], each.sums[1], each.sums[2]
  end
  return reply
end

-- Adds to what was used, and takes away what was held if this ends the hold. Windows that are over and
-- forgotten are left alone.
local function charge(hold, moreTokens, moreNanoUsd, endsHold)
  local touched = {}
  for _, line in ipairs(hold.lines) do
    local window = readWindow(line[1], line[2])
    local isOver = window.lengthMs > 0 and line[3] < window.step - rollingSteps
    if window.found and not isOver then
      window.before = { window.sums[1], window.sums[2] }
      window.startMs = window.startMs or line[3]
      local changes = { moreTokens, moreNanoUsd, 0, 0, 0, 0 }
      if endsHold then changes = { moreTokens, moreNanoUsd, -line[4], -line[5], -line[6], -line[7] } end
      addToWindow(window, line[3], changes)
      touched[#touched + 1] = window
    end
  end
  return touched
end

local function changeRates(rates, moreTokens)
  for _, rate in ipairs(rates) do
    local key = base .. 'r:' .. rate[1]
    writeRate(key, bounded(readRate(key, rate[2]) + moreTokens), rate[2])
  end
end

local function bury(hold)
  -- Where no correction can come there is nothing to find again.
  if not estimated then hold.lines, hold.rates = {}, {} end
  local forMs = (estimated or hold.isLate) and lateNewsMs or tombstoneMs
  hold.estimated, hold.isLate = estimated, forMs == lateNewsMs
  redis.call('SET', tombstone, cmsgpack.pack(hold), 'PX', forMs)
end

local hold = readHold(holdId)
if hold then
  hold.charged = { tokens or hold.tokens, nanoUsd or hold.nanoUsd }
  local touched = charge(hold, hold.charged[1], hold.charged[2], true)
  changeRates(hold.rates, hold.charged[1] - hold.tokens)
  redis.call('HDEL', base .. 'h', holdId)
  redis.call('ZREM', base .. 'd', holdId)
  for _, limit in ipairs(hold.places) do redis.call('ZREM', base .. 'c:' .. limit, holdId) end
  if hold.upstreamId then redis.call('DEL', base .. 'u:' .. hold.upstreamId) end
  hold.isLate = hold.upstreamId ~= nil
  bury(hold)
  return answer('settled', hold, touched)
end

local settled = redis.call('GET', tombstone)
if settled then
  hold = cmsgpack.unpack(settled)
  if estimated or not hold.estimated then return answer('duplicate', hold) end
  local before = hold.charged
  hold.charged = { tokens or hold.tokens, nanoUsd or hold.nanoUsd }
  local touched = charge(hold, hold.charged[1] - before[1], hold.charged[2] - before[2], false)
  changeRates(hold.rates, hold.charged[1] - before[1])
  bury(hold)
  return answer('corrected', hold, touched)
end

if take() == '0' then return answer('duplicate', { tokens = 0, nanoUsd = 0, charged = { 0, 0 } }) end
hold = { tokens = takeNumber(), nanoUsd = takeNumber(), at = takeNumber(), lines = {}, rates = {} }
for i = 1, takeNumber() do
  local name, lengthMs, startMs, endMs = take(), takeNumber(), takeNumber(), takeNumber()
  local window = readWindow(name, lengthMs)
  local step = lengthMs > 0 and stepAt(hold.at, lengthMs)
  local isOver = step and step < window.step - rollingSteps
  if not window.found and not isOver and (step or endMs + keptMs(endMs - startMs) > nowMs) then
    window.startMs, window.endMs = startMs, endMs
    createWindow(window)
  end
  hold.lines[i] = { name, lengthMs, step or startMs, 0, 0, 0, 0 }
end
for i = 1, takeNumber() do hold.rates[i] = { take(), takeNumber() } end
hold.charged = { tokens or hold.tokens, nanoUsd or hold.nanoUsd }
local touched = charge(hold, hold.charged[1], hold.charged[2], false)
changeRates(hold.rates, hold.charged[1])
bury(hold)
return answer('recovered', hold, touched)
