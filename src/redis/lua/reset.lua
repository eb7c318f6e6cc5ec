-- Sets what was used in the current windows of a budget to zero.
-- KEYS  i
-- ARGV  what the names of the windows begin with
-- Reply numbers: nowMs windows; 'reset'
local prefix, count = ARGV[1], 0
local nothingUsed = pack('<dd', 0, 0)
for _, window in ipairs(indexedWindows()) do
  if string.sub(window.name, 1, #prefix) == prefix then
    local isRolling, isReset = window.lengthMs > 0, false
    for at = headAt, #window.value, cellBytes do
      if isRolling or isNow(cellAt(window.value, at)) then
        call('SETRANGE', window.key, at - 1 + 16, nothingUsed)
        isReset = true
      end
    end
    if isReset then count = count + 1 end
  end
end
return { pack('<dd', nowMs, count), 'reset' }
