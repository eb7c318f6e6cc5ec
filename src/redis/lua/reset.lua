-- Sets what was used in some of a budget's current windows to zero.
-- KEYS  i
-- ARGV  what the names of the windows begin with; cursor count: as of indexedWindows
-- Reply numbers: nowMs windows; 'reset', cursor
local prefix, count = ARGV[1], 0
local nothingUsed = pack('<dd', 0, 0)
local cursor, windows = indexedWindows(ARGV[2], ARGV[3])
for _, window in ipairs(windows) do
  if string.sub(window.name, 1, #prefix) == prefix then
    local isRolling, isReset = window.lengthMs > 0, false
    for at = headAt, #window.value, cellBytes do
      local startMs, endMs = unpackBytes('<dd', window.value, at)
      if isRolling or startMs <= nowMs and nowMs < endMs then
        call('SETRANGE', window.key, at - 1 + 16, nothingUsed)
        isReset = true
      end
    end
    if isReset then count = count + 1 end
  end
end
return { pack('<dd', nowMs, count), 'reset', cursor }
