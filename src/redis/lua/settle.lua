-- Ends a hold in exactly one charge.
-- KEYS  by its hold: h d i s:<hold>, and of the call's windows and rates those that the caller knows
--       by the upstream: h d i u:<upstreamId>
-- ARGV  by ('hold'|'upstream') id
--       numbers: tombstoneMs lateNewsMs, is it an estimate, tokens and nano-USD (-1 for all that was held)
--       and, to charge a hold that the store doesn't know, its lines (see holds.lua; else ''), and
--       numbers: held tokens and nano-USD, admittedAtMs, each window: lengthMs startMs endMs
-- Reply numbers: nowMs, held, charged (in both), each budget: startMs, used before, used after (in both);
--       'settled'|'corrected'|'recovered'|'duplicate', note ('' for none), and the budgets' windows by name.
--       Or 'none'.
local by, holdId, recoverLines, recover = ARGV[1], ARGV[2], ARGV[4], ARGV[5]
local tombstoneMs, lateNewsMs, estimated, tokens, nanoUsd = unpackDoubles('<ddddd', ARGV[3])
estimated = estimated == 1
local index, known = KEYS[3], KEYS[1]
if by == 'upstream' then
  known, holdId = KEYS[4], call('GET', KEYS[4])
  if not holdId then return { pack('<d', nowMs), 'none' } end
end
local tombstone = base .. 's:' .. holdId

local function answer(kind, hold, numbers, names)
  local amounts = pack('<ddddd', nowMs, hold.tokens, hold.nanoUsd, hold.chargedTokens, hold.chargedNanoUsd)
  return { amounts .. table.concat(numbers or {}), kind, hold.note or '', unpack(names or {}) }
end

-- The hold as it is, as it was buried, or as the caller tells it. Charged and counted is what budgets and rates have
-- of it so far; a live hold counts in rates alone.
local hold, kind = readHold(holdId), 'settled'
if hold then
  hold.chargedTokens, hold.chargedNanoUsd, hold.countedTokens = 0, 0, hold.tokens
else
  -- Asked for with the key that told of it, so that one that a slot's move has taken away is not missing.
  local buried = call('MGET', known, tombstone)[2]
  if buried then
    local wasEstimated, isLate, chargedTokens, chargedNanoUsd = unpackDoubles('<dddd', buried)
    hold, kind = unpackHold(string.sub(buried, 33)), 'corrected'
    hold.chargedTokens, hold.chargedNanoUsd, hold.countedTokens = chargedTokens, chargedNanoUsd, chargedTokens
    hold.isLate = isLate == 1
    if estimated or wasEstimated == 0 then return answer('duplicate', hold) end
  elseif recoverLines == '' then
    return answer('duplicate', { tokens = 0, nanoUsd = 0, chargedTokens = 0, chargedNanoUsd = 0 })
  else
    hold, kind = { lines = recoverLines, starts = '', chargedTokens = 0, chargedNanoUsd = 0, countedTokens = 0 }, 'recovered'
    hold.tokens, hold.nanoUsd, hold.at = unpackDoubles('<ddd', recover)
    hold.usualTokens, hold.usualNanoUsd = hold.tokens, hold.nanoUsd
  end
end

-- All that is learned from the record is read at once, before anything is written.
local keys, details = { known }, {}
for suffix, detail in string.gmatch(hold.lines, '([^ \n]+) ?([^\n]*)') do
  keys[#keys + 1] = base .. suffix
  details[#keys] = detail
end
local count = #keys
local upstreamKey = hold.upstreamId and base .. 'u:' .. hold.upstreamId
if upstreamKey then keys[count + 1] = upstreamKey end
local values = call('MGET', unpack(keys))

-- A window for a hold that was never recorded, with a cell for it unless that would be over and forgotten.
local function recoverWindow(key, value, at)
  local lengthMs, startMs, endMs = unpackDoubles('<ddd', recover, at)
  local isRolling = lengthMs > 0
  if isRolling then startMs, endMs = stepAt(hold.at, lengthMs) end
  hold.starts = hold.starts .. pack('<d', startMs)
  if nowMs >= endMs + (isRolling and 0 or keptMs(endMs - startMs)) then return nil end
  local window = value and readWindow(key, value, index)
  if window and cellOf(window, startMs) then return window end
  if not window then
    window = newWindow(key, lengthMs, startMs, endMs)
    writeHead(window, index)
  elseif not isRolling then
    turn(window, startMs, endMs)
    writeHead(window, index)
  end
  if isRolling and window.step[1] ~= startMs then
    local empty = packCell({ startMs, endMs, 0, 0, 0, 0, 0, 0 })
    window.value = window.value .. empty
    call('APPEND', key, empty)
  end
  return window
end

local numbers, names, starts = {}, {}, 0

-- Adds to what was used, and takes away what was held if this ends the hold. A cell that is forgotten or has rolled
-- out of its window is left alone.
local function charge(window, startMs, isLearned, moreTokens, moreNanoUsd)
  local cell, at = cellOf(window, startMs)
  local isRolling = window.lengthMs > 0
  if not cell or isRolling and nowMs >= cell[2] then return end
  local total = isRolling and window or cell
  local usedTokens, usedNanoUsd = total[3], total[4]
  local usualTokens, usualNanoUsd = isLearned and hold.usualTokens or hold.tokens, isLearned and hold.usualNanoUsd or hold.nanoUsd
  local ends = kind == 'settled' and -1 or 0
  local changes = { moreTokens, moreNanoUsd, ends * usualTokens, ends * usualNanoUsd,
    ends * (hold.tokens - usualTokens), ends * (hold.nanoUsd - usualNanoUsd) }
  for i = 1, 6 do
    local applied = change(cell, i + 2, changes[i])
    if isRolling then change(window, i + 2, applied) end
  end
  call('SETRANGE', window.key, at - 1, packCell(cell))
  if isRolling then call('SETRANGE', window.key, headAt - 1, packCell(window)) end
  numbers[#numbers + 1] = pack('<ddddd', window.lengthMs > 0 and nowMs - window.lengthMs or startMs,
    usedTokens, usedNanoUsd, total[3], total[4])
  names[#names + 1] = nameOf(window)
end

local chargedTokens = tokens >= 0 and tokens or hold.tokens
local chargedNanoUsd = nanoUsd >= 0 and nanoUsd or hold.nanoUsd
for i = 2, count do
  local key, value, detail = keys[i], values[i], details[i]
  local letter = string.sub(key, #base + 1, #base + 1)
  if letter == 'w' then
    local window
    if kind == 'recovered' then
      window = recoverWindow(key, value, 25 + starts * 24)
    else
      window = value and readWindow(key, value, index)
    end
    starts = starts + 1
    if window then
      local startMs = unpackDoubles('<d', hold.starts, starts * 8 - 7)
      charge(window, startMs, detail == 'learned', chargedTokens - hold.chargedTokens, chargedNanoUsd - hold.chargedNanoUsd)
    end
  elseif letter == 'r' then
    local rate = readRate(key, value, tonumber(detail))
    rate.level = max(0, min(rate.level + chargedTokens - hold.countedTokens, largest))
    if value or rate.level > 0 then writeRate(rate) end
  elseif kind == 'settled' then
    call('ZREM', key, holdId)
  end
end
hold.chargedTokens, hold.chargedNanoUsd = chargedTokens, chargedNanoUsd
if kind == 'settled' then
  call('HDEL', KEYS[1], holdId)
  call('ZREM', KEYS[2], holdId)
end

-- News of an estimate may come by the hold's id and by the upstream's. Where no correction can come there is nothing
-- to find again.
local isLate = estimated or hold.isLate or upstreamKey
local forMs = isLate and lateNewsMs or tombstoneMs
if not estimated then hold.lines, hold.starts, hold.upstreamId = '', '', nil end
if upstreamKey and estimated then call('PEXPIRE', upstreamKey, forMs) elseif upstreamKey then call('DEL', upstreamKey) end
local head = pack('<dddd', estimated and 1 or 0, isLate and 1 or 0, chargedTokens, chargedNanoUsd)
call('SET', tombstone, head .. packHold(hold), 'PX', forMs)
return answer(kind, hold, numbers, names)
