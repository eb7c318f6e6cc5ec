-- Ends a hold in exactly one charge.
-- KEYS  by its hold: h d i s:<hold>, and to charge a hold that the store doesn't know its windows and rates
--       by the upstream: h d i u:<upstreamId>
-- ARGV  by ('hold'|'upstream') id
--       numbers: tombstoneMs lateNewsMs, is it an estimate, tokens and nano-USD (-1 for all that was held)
--       and, to charge a hold that the store doesn't know, the rest of its record (see holds.lua), and
--       numbers: held tokens and nano-USD, admittedAtMs, each window: lengthMs startMs endMs
-- Reply numbers: nowMs, held, charged (in both), each budget: startMs, used before, used after (in both);
--       'settled'|'corrected'|'recovered'|'duplicate', note ('' for none), and the budgets' windows by name.
--       Or 'none' of the upstream's id, or 'unknown' with neither record nor tombstone: nothing has been done.
local by, holdId, recoverRecord, recover = ARGV[1], ARGV[2], ARGV[4], ARGV[5]
local tombstoneMs, lateNewsMs, estimated, tokens, nanoUsd = unpackBytes('<ddddd', ARGV[3])
estimated = estimated == 1
local index, known = KEYS[3], KEYS[1]
if by == 'upstream' then
  known, holdId = KEYS[4], call('GET', KEYS[4])
  if not holdId then return { pack('<d', nowMs), 'none' } end
end
local tombstone = base .. 's:' .. holdId

-- The hold as it is, as it was buried, or as the caller tells it. Charged and counted is what budgets and rates have
-- of it so far; a live hold counts in rates alone. An exact charge is buried with its note, an estimate with the
-- hold's record.
local hold, kind = readHold(holdId), 'settled'
local wasChargedTokens, wasChargedNanoUsd, countedTokens, wasLate = 0, 0, hold and hold.tokens, false
if not hold then
  -- Asked for with the key that told of it, so that one that a slot's move has taken away is not missing.
  local buried = call('MGET', known, tombstone)[2]
  if buried then
    local wasEstimated, late, heldTokens, heldNanoUsd, restAt
    wasEstimated, late, heldTokens, heldNanoUsd, wasChargedTokens, wasChargedNanoUsd, restAt =
      unpackBytes('<dddddd', buried)
    local rest = string.sub(buried, restAt)
    if wasEstimated == 1 then hold = unpackHold(rest) end
    if estimated or not hold then
      local amounts = pack('<ddddd', nowMs, heldTokens, heldNanoUsd, wasChargedTokens, wasChargedNanoUsd)
      return { amounts, 'duplicate', hold and hold.note or rest }
    end
    kind, countedTokens, wasLate = 'corrected', wasChargedTokens, late == 1
  elseif not recoverRecord then
    return { pack('<d', nowMs), 'unknown' }
  else
    local heldTokens, heldNanoUsd, admittedAtMs, at = unpackBytes('<ddd', recover)
    local windowCount, starts = (#recover - at + 1) / 24, ''
    for i = 1, windowCount do
      local lengthMs, startMs, endMs
      lengthMs, startMs, endMs, at = unpackBytes('<ddd', recover, at)
      if lengthMs > 0 then startMs = seldomUsed().stepAt(admittedAtMs, lengthMs) end
      starts = starts .. pack('<d', startMs)
    end
    local head = pack('<dddddd', admittedAtMs, heldTokens, heldNanoUsd, heldTokens, heldNanoUsd, windowCount)
    hold, kind, countedTokens = unpackHold(head .. starts .. recoverRecord), 'recovered', 0
  end
end

-- All that is learned from the record is read at once, before anything is written.
local record, keys, letters, names, details, at = hold.record, { known }, {}, {}, {}, hold.linesAt
for i = 1, hold.lineCount do
  letters[i], names[i], details[i], at = unpackBytes('<c1Ic0d', record, at)
  keys[i + 1] = base .. letters[i] .. ':' .. names[i]
end
local upstreamKey = hold.upstreamId ~= '' and base .. 'u:' .. hold.upstreamId
if upstreamKey then keys[#keys + 1] = upstreamKey end
local values = call('MGET', unpack(keys))

local function bounded(amount)
  if amount < 0 then return 0 elseif amount > largest then return largest else return amount end
end

-- Adds to an amount of a cell as much of a change as leaves it within bounds, and that much to the total of a rolling
-- window, which is the cell itself of a calendar one.
local function change(cell, total, i, amount)
  local before = cell[i]
  local after = bounded(before + amount)
  cell[i] = after
  if total ~= cell then total[i] = bounded(total[i] + after - before) end
end

-- The cell that starts at a time, and its place in the value; of a rolling window that of a step.
local function cellOf(window, startMs)
  if window.lengthMs == 0 and window[1] == startMs then return window, headAt end
  for at = restAt, #window.value, cellBytes do
    if unpackBytes('<d', window.value, at) == startMs then return { unpackBytes(cellFormat, window.value, at) }, at end
  end
end

local recoverWindow
if kind == 'recovered' then
  local windows = seldomUsed()

  -- A window for a hold that was never recorded, with a cell for it unless that would be over and forgotten.
  function recoverWindow(i, key, value)
    local lengthMs, startMs, endMs = unpackBytes('<ddd', recover, 1 + i * 24)
    local isRolling = lengthMs > 0
    if isRolling then startMs, endMs = windows.stepAt(hold.at, lengthMs) end
    if nowMs >= endMs + (isRolling and 0 or keptMs(endMs - startMs)) then return nil end
    local window = value and readWindow(key, value, index)
    if window and cellOf(window, startMs) then return window end
    if not window then
      window = windows.new(key, lengthMs, startMs, endMs)
      window.value = windows.rewrite(window, index)
    elseif not isRolling then
      window = windows.turn(key, value, startMs, endMs)
      window.value = windows.rewrite(window, index)
    end
    if isRolling and window.step[1] ~= startMs then
      local empty = pack(cellFormat, startMs, endMs, 0, 0, 0, 0, 0, 0)
      window.value = window.value .. empty
      call('APPEND', key, empty)
    end
    return window
  end
end

local chargedTokens = tokens >= 0 and tokens or hold.tokens
local chargedNanoUsd = nanoUsd >= 0 and nanoUsd or hold.nanoUsd
local moreTokens, moreNanoUsd = chargedTokens - wasChargedTokens, chargedNanoUsd - wasChargedNanoUsd
local reply = { pack('<ddddd', nowMs, hold.tokens, hold.nanoUsd, chargedTokens, chargedNanoUsd), kind, hold.note }

-- Adds to what was used, and takes away what was held if this ends the hold. A cell that is forgotten or has rolled
-- out of its window is left alone.
local function charge(window, key, name, startMs, isLearned)
  local cell, at = cellOf(window, startMs)
  local isRolling = window.lengthMs > 0
  if not cell or isRolling and nowMs >= cell[2] then return end
  local total = isRolling and window or cell
  local usedTokens, usedNanoUsd = total[3], total[4]
  change(cell, total, 3, moreTokens)
  change(cell, total, 4, moreNanoUsd)
  if kind == 'settled' then
    change(cell, total, 5, -(isLearned and hold.usualTokens or hold.tokens))
    change(cell, total, 6, -(isLearned and hold.usualNanoUsd or hold.nanoUsd))
    if isLearned then
      change(cell, total, 7, hold.usualTokens - hold.tokens)
      change(cell, total, 8, hold.usualNanoUsd - hold.nanoUsd)
    end
  end
  if isRolling then call('SETRANGE', key, headOffset, packCell(window)) end
  call('SETRANGE', key, at == headAt and headOffset or at - 1, packCell(cell))
  reply[1] = reply[1] .. pack('<ddddd', isRolling and nowMs - window.lengthMs or startMs,
    usedTokens, usedNanoUsd, total[3], total[4])
  reply[#reply + 1] = name
end

for i = 1, hold.lineCount do
  local key, letter, value = keys[i + 1], letters[i], values[i + 1]
  if letter == 'w' then
    local window
    if kind == 'recovered' then
      window = recoverWindow(i, key, value)
    else
      window = value and readWindow(key, value, index)
    end
    local startMs = unpackBytes('<d', record, hold.startsAt + i * 8 - 8)
    if window then charge(window, key, names[i], startMs, details[i] == 1) end
  elseif letter == 'r' then
    local level, expiresMs = readRate(value, details[i])
    level = max(0, min(level + chargedTokens - countedTokens, largest))
    if value or level > 0 then writeRate(key, level, details[i], expiresMs) end
  elseif kind == 'settled' then
    call('ZREM', key, holdId)
  end
end
if kind == 'settled' then
  call('HDEL', KEYS[1], holdId)
  call('ZREM', KEYS[2], holdId)
end

-- News of an estimate may come by the hold's id and by the upstream's. Where no correction can come there is nothing
-- to find again.
local isLate = estimated or wasLate or upstreamKey
local forMs = isLate and lateNewsMs or tombstoneMs
if upstreamKey and estimated then call('PEXPIRE', upstreamKey, forMs) elseif upstreamKey then call('DEL', upstreamKey) end
local head = pack('<dddddd', estimated and 1 or 0, isLate and 1 or 0, hold.tokens, hold.nanoUsd,
  chargedTokens, chargedNanoUsd)
call('SET', tombstone, head .. (estimated and record or hold.note), 'PX', forMs)
return reply
