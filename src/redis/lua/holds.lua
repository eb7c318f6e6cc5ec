-- A hold's record:
--   doubles: admittedAtMs, held tokens and nano-USD, the same usually (learned budgets), how many windows;
--     the start of each window's cell
--   from here on as the caller made it, texts with their length before them: upstreamId and path ('' for none), note;
--     how many lines: one for each key to settle the hold in, the windows first: the letter that its key begins with
--     and the name behind it (see shared.lua), and a double: of a window, are the usual amounts held in it; of a rate,
--     its tokens a second
local function unpackHold(record)
  local at, tokens, nanoUsd, usualTokens, usualNanoUsd, windowCount, startsAt = unpackBytes('<dddddd', record)
  local upstreamAt = startsAt + windowCount * 8
  local upstreamId, path, note, lineCount, linesAt = unpackBytes('<Ic0Ic0Ic0I', record, upstreamAt)
  return {
    record = record, at = at, tokens = tokens, nanoUsd = nanoUsd, usualTokens = usualTokens, usualNanoUsd = usualNanoUsd,
    startsAt = startsAt, upstreamAt = upstreamAt, upstreamId = upstreamId, path = path, note = note,
    lineCount = lineCount, linesAt = linesAt,
  }
end

local function readHold(holdId)
  local record = call('HGET', base .. 'h', holdId)
  return record and unpackHold(record)
end
