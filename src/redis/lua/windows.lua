-- Some of the windows of budgets that haven't ended.
-- KEYS  i
-- ARGV  cursor count: as of indexedWindows
-- Reply numbers: nowMs, and of each window startMs endMs used held, held beyond (in both); 'windows', cursor, names...
local cursor, windows = indexedWindows(ARGV[1], ARGV[2])
local numbers, reply = { pack('<d', nowMs) }, { '', 'windows', cursor }
for _, window in ipairs(windows) do
  local value, isRolling = window.value, window.lengthMs > 0
  for at = headAt, isRolling and headAt or #value, cellBytes do
    local startMs, endMs = unpackBytes('<dd', value, at)
    if nowMs < endMs then
      if isRolling then startMs, endMs = nowMs - window.lengthMs, nowMs end
      numbers[#numbers + 1] = pack('<dd', startMs, endMs) .. string.sub(value, at + 16, at + cellBytes - 1)
      reply[#reply + 1] = window.name
    end
  end
end
reply[1] = table.concat(numbers)
return reply
