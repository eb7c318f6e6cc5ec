-- What a budget has counted for one scope. The value of a window's key is its length in ms (0 for a calendar
-- one), then cells. A cell is eight doubles: its start and its end, and, in tokens and in nano-USD, what is used,
-- what is held, and what is held beyond that at worst (learned budgets).
--
-- The first cell, the head, is what counts now, from its start to its end.
-- Calendar: the head is the current window; the others follow, as long as late charges may come for them.
-- Rolling: the head is the sum of all steps that count, right until the clock's step ends. The steps follow, the
-- clock's first; each starts with the step, and ends when it has rolled out of the window.
-- A window is a table with its head in 1 to 8; in the functions that few need also with its key, its value, and its
-- length in ms; a rolling one with the clock's step. A window that must be written as a whole has `others`, the cells
-- behind those, the latest of which ends at `latestMs`.
local cellFormat, cellBytes, headAt, restAt = '<dddddddd', 64, 9, 73
-- The same as SETRANGE counts; a text is cheaper there than a number.
local headOffset = '8'
local rollingSteps = 60
local shortestKeptMs, longestKeptMs = 600000, 172800000

local function packCell(cell)
  return pack(cellFormat, cell[1], cell[2], cell[3], cell[4], cell[5], cell[6], cell[7], cell[8])
end

-- How long a window is kept behind its end, for calls that outlive it.
local function keptMs(lengthMs)
  return max(shortestKeptMs, min(lengthMs, longestKeptMs))
end

-- What is needed when time has gone on, or for a window that isn't there.
local function seldomUsed()
  local windows = {}

  -- Start and end of the step of a rolling window that a time lies in.
  function windows.stepAt(atMs, lengthMs)
    local stepMs = lengthMs / rollingSteps
    local startMs = floor(atMs / stepMs) * stepMs
    return startMs, startMs + lengthMs + stepMs
  end

  -- Writes a window as a whole; returns its value.
  function windows.rewrite(window, index)
    local lengthMs, endMs = window.lengthMs, ceil(window.latestMs)
    local forMs = keptMs(lengthMs > 0 and lengthMs or window[2] - window[1])
    local step = window.step and packCell(window.step) or ''
    local value = pack('<d', lengthMs) .. packCell(window) .. step .. window.others
    call('SET', window.key, value, 'PXAT', endMs + forMs)
    if endMs > nowMs then
      -- Those that only just ended may come back with a clock that is set back.
      call('ZREMRANGEBYSCORE', index, '-inf', nowMs - longestKeptMs)
      call('ZADD', index, endMs, string.sub(window.key, #base + 3))
    end
    return value
  end

  -- A rolling window, summed up for the clock's step, without what has rolled out of it; written. Steps ahead of a
  -- clock that was set back still count.
  function windows.roll(key, value, lengthMs, index)
    local startMs, endMs = windows.stepAt(nowMs, lengthMs)
    local window = { startMs, startMs + lengthMs / rollingSteps, 0, 0, 0, 0, 0, 0 }
    local latestMs, others = endMs, {}
    window.key, window.lengthMs, window.step = key, lengthMs, { startMs, endMs, 0, 0, 0, 0, 0, 0 }
    for at = restAt, #value, cellBytes do
      local cell = { unpackBytes(cellFormat, value, at) }
      if nowMs < cell[2] then
        for i = 3, 8 do window[i] = min(window[i] + cell[i], largest) end
        latestMs = max(latestMs, cell[2])
        if cell[1] == startMs then
          window.step = cell
        else
          others[#others + 1] = string.sub(value, at, at + cellBytes - 1)
        end
      end
    end
    window.others, window.latestMs = table.concat(others), latestMs
    window.value = windows.rewrite(window, index)
    window.others = nil
    return window
  end

  -- A calendar window with its cell of another time in front, a new one if there is none; not written yet.
  function windows.turn(key, value, startMs, endMs)
    local window = { startMs, endMs, 0, 0, 0, 0, 0, 0 }
    local latestMs, others = endMs, {}
    for at = headAt, #value, cellBytes do
      local cell = { unpackBytes(cellFormat, value, at) }
      if cell[1] == startMs then
        for i = 1, 8 do window[i] = cell[i] end
      elseif nowMs < cell[2] + keptMs(cell[2] - cell[1]) then
        others[#others + 1] = string.sub(value, at, at + cellBytes - 1)
        latestMs = max(latestMs, cell[2])
      end
    end
    window.key, window.lengthMs, window.others, window.latestMs = key, 0, table.concat(others), latestMs
    return window
  end

  -- A window that wasn't there: a calendar one from start to end, or a rolling one; not written yet.
  function windows.new(key, lengthMs, startMs, endMs)
    local window = { startMs, endMs, 0, 0, 0, 0, 0, 0 }
    window.key, window.lengthMs, window.others, window.latestMs = key, lengthMs, '', endMs
    if lengthMs > 0 then
      local stepMs, stepEndMs = windows.stepAt(nowMs, lengthMs)
      window.step, window.latestMs = { stepMs, stepEndMs, 0, 0, 0, 0, 0, 0 }, stepEndMs
      window[1], window[2] = stepMs, stepMs + lengthMs / rollingSteps
    end
    return window
  end

  return windows
end

-- A window with the value of its key, a rolling one as it is now.
local function readWindow(key, value, index)
  local lengthMs = unpackBytes('<d', value)
  local window = { key = key, value = value, lengthMs = lengthMs, step = false, unpackBytes(cellFormat, value, headAt) }
  if lengthMs > 0 then
    if nowMs < window[1] or nowMs >= window[2] then return seldomUsed().roll(key, value, lengthMs, index) end
    window.step = { unpackBytes(cellFormat, value, restAt) }
  end
  return window
end
