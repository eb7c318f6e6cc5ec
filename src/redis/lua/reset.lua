-- Sets what was used in the current windows of a budget to zero.
-- KEYS  h i
-- ARGV  what the names of the windows begin with
-- Reply {'reset', nowMs, windows}
local prefix, count = take(), 0
for _, name in ipairs(redis.call('ZRANGEBYSCORE', base .. 'i', nowMs + 1, '+inf')) do
  local key = base .. 'w:' .. name
  local startMs = string.match(name, '%d*$')
  local isCurrent = startMs == '' or startMs + 0 <= nowMs
  if isCurrent and string.sub(name, 1, #prefix) == prefix and redis.call('EXISTS', key) == 1 then
    local cells = startMs == '' and redis.call('HGETALL', key) or {}
    for at = 1, #cells, 2 do
      if tonumber(cells[at]) then
        local cell = parseCell(cells[at + 1])
        cell[1], cell[2] = 0, 0
        redis.call('HSET', key, cells[at], string.format('%.0f %.0f %.0f %.0f %.0f %.0f', unpack(cell)))
      end
    end
    redis.call('HSET', key, 't', 0, 'n', 0)
    count = count + 1
  end
end
return { 'reset', nowMs, count }
