-- What a budget has counted for one scope. The value of a window's key is its length in ms (0 for a calendar
-- one), then cells. A cell is eight doubles: its start and its end, and, in tokens and in nano-USD, what is used,
-- what is held, and what is held beyond that at worst (learned budgets).
--
-- The first cell, the head, is what counts now, from its start to its end.
-- Calendar: the head is the current window; the others follow, as long as late charges may come for them.
-- Rolling: the head is the sum of all steps that count, right until the clock's step ends. The steps follow, the
-- clock's first; each starts with the step, and ends when it has rolled out of the window.
-- A window is a table with its head in 1 to 8, and admit.lua puts the limits behind that; unit is 1 for tokens, 2 for
-- nano-USD.
local used, held, beyond, limit = 2, 4, 6, 8
local cellFormat, cellBytes, headAt, restAt = '<dddddddd', 64, 9, 73
local rollingSteps = 60
local shortestKeptMs, longestKeptMs = 600000, 172800000

local function cellAt(value, at)
  return { unpackDoubles(cellFormat, value, at) }
end

local function packCell(cell)
  return pack(cellFormat, cell[1], cell[2], cell[3], cell[4], cell[5], cell[6], cell[7], cell[8])
end

local function nameOf(window)
  return string.sub(window.key, #base + 3)
end

local function isNow(cell)
  return cell[1] <= nowMs and nowMs < cell[2]
end

-- How long a window is kept behind its end, for calls that outlive it.
local function keptMs(lengthMs)
  return max(shortestKeptMs, min(lengthMs, longestKeptMs))
end

-- Start and end of the step of a rolling window that a time lies in.
local function stepAt(atMs, lengthMs)
  local stepMs = lengthMs / rollingSteps
  local startMs = floor(atMs / stepMs) * stepMs
  return startMs, startMs + lengthMs + stepMs
end

-- Adds to an amount as much of a change as leaves it within bounds; returns how much that was.
local function change(cell, index, amount)
  local before = cell[index]
  local after = before + amount
  if after < 0 then after = 0 elseif after > largest then after = largest end
  cell[index] = after
  return after - before
end

-- Writes a window anew: its head, and the cells behind it, the latest of which ends at `endMs`.
local function rewrite(window, index, others, endMs)
  local lengthMs = window.lengthMs
  local forMs = keptMs(lengthMs > 0 and lengthMs or window[2] - window[1])
  window.value = pack('<d', lengthMs) .. packCell(window) .. others
  call('SET', window.key, window.value, 'PXAT', math.ceil(endMs) + forMs)
  if endMs > nowMs then
    -- Those that only just ended may come back with a clock that is set back.
    call('ZREMRANGEBYSCORE', index, '-inf', nowMs - longestKeptMs)
    call('ZADD', index, math.ceil(endMs), nameOf(window))
  end
end

-- Sums a rolling window up for the clock's step, without what has rolled out of it. Steps ahead of a clock that
-- was set back still count.
local function roll(window, index)
  local lengthMs, value = window.lengthMs, window.value
  local startMs, endMs = stepAt(nowMs, lengthMs)
  local latestMs, others = endMs, {}
  window[1], window[2] = startMs, startMs + lengthMs / rollingSteps
  for i = 3, 8 do window[i] = 0 end
  window.step = { startMs, endMs, 0, 0, 0, 0, 0, 0 }
  for at = restAt, #value, cellBytes do
    local cell = cellAt(value, at)
    if nowMs < cell[2] then
      for i = 3, 8 do change(window, i, cell[i]) end
      latestMs = max(latestMs, cell[2])
      if cell[1] == startMs then
        window.step = cell
      else
        others[#others + 1] = string.sub(value, at, at + cellBytes - 1)
      end
    end
  end
  rewrite(window, index, packCell(window.step) .. table.concat(others), latestMs)
end

-- A window with the value of its key, a rolling one as it is now.
local function readWindow(key, value, index)
  local window = {
    key = key, value = value, lengthMs = unpackDoubles('<d', value), step = false, isLearned = false, ratio = 0, clamps = 0,
    unpackDoubles(cellFormat, value, headAt),
  }
  if window.lengthMs > 0 then
    if isNow(window) then window.step = cellAt(value, restAt) else roll(window, index) end
  end
  return window
end

-- Puts a calendar window's cell of another time in front, a new one if there is none; not written yet.
local function turn(window, startMs, endMs)
  local head, value = packCell(window), window.value
  window.turned, window.latestMs = {}, endMs
  for i = 1, 8 do window[i] = 0 end
  window[1], window[2] = startMs, endMs
  for at = headAt, #value, cellBytes do
    local cell = cellAt(value, at)
    if cell[1] == startMs then
      for i = 1, 8 do window[i] = cell[i] end
    elseif nowMs < cell[2] + keptMs(cell[2] - cell[1]) then
      window.turned[#window.turned + 1] = string.sub(value, at, at + cellBytes - 1)
      window.latestMs = max(window.latestMs, cell[2])
    end
  end
end

-- A window that wasn't there: a calendar one from start to end, or a rolling one; not written yet.
local function newWindow(key, lengthMs, startMs, endMs)
  local window = { key = key, value = '', lengthMs = lengthMs, turned = {}, startMs, endMs, 0, 0, 0, 0, 0, 0, 0, 0 }
  window.latestMs = endMs
  if lengthMs > 0 then
    window.step = { 0, 0, 0, 0, 0, 0, 0, 0 }
    window.step[1], window.step[2] = stepAt(nowMs, lengthMs)
    window[1], window[2] = window.step[1], window.step[1] + lengthMs / rollingSteps
    window.latestMs = window.step[2]
  end
  return window
end

-- Writes the head, and with it the clock's step of a rolling window.
local function writeHead(window, index)
  local written, step = packCell(window), window.step and packCell(window.step)
  if window.turned then
    return rewrite(window, index, (step or '') .. table.concat(window.turned), window.latestMs)
  end
  if step then written = written .. step end
  call('SETRANGE', window.key, headAt - 1, written)
end

-- The cell that starts at a time, and its place in the value; of a rolling window that of a step.
local function cellOf(window, startMs)
  if window.lengthMs == 0 and window[1] == startMs then return window, headAt end
  for at = restAt, #window.value, cellBytes do
    if unpackDoubles('<d', window.value, at) == startMs then return cellAt(window.value, at), at end
  end
end
