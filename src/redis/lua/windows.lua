-- Some of the windows of budgets that haven't ended.
-- KEYS  i
-- ARGV  cursor count: as of indexedWindows
-- Reply numbers: nowMs, and of each window startMs endMs used held (in both); 'windows', cursor, names...
local cursor, windows = indexedWindows(ARGV[1], ARGV[2])
local numbers, reply = { pack('<d', nowMs) }, { '', 'windows', cursor }
for _, window in ipairs(windows) do
  local value, isRolling = window.value, window.lengthMs > 0
  for at = headAt, isRolling and headAt or #value, cellBytes do
    local cell = cellAt(value, at)
    if nowMs < cell[2] then
      local startMs = isRolling and nowMs - window.lengthMs or cell[1]
      local endMs = isRolling and nowMs or cell[2]
      numbers[#numbers + 1] = pack('<dddddd', startMs, endMs, cell[3], cell[4], cell[5], cell[6])
      reply[#reply + 1] = window.name
    end
  end
end
reply[1] = table.concat(numbers)
return reply
