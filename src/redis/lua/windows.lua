-- Every budget's windows that haven't ended.
-- KEYS  h i
-- ARGV  none
-- Reply {'windows', nowMs, windows...}, each name startMs ('' in a rolling one's name) endMs used held (in both)
local reply = { 'windows', nowMs }
for _, name in ipairs(redis.call('ZRANGEBYSCORE', base .. 'i', nowMs + 1, '+inf')) do
  local startMs = string.match(name, '%d*$')
  local lengthMs = startMs == '' and tonumber(redis.call('HGET', base .. 'w:' .. name, 'l') or 0) or 0
  local window = readWindow(name, lengthMs)
  if window.found then
    local sums, at = window.sums, #reply
    reply[at + 1], reply[at + 2], reply[at + 3] = name, window.startMs or startMs + 0, window.endMs
    reply[at + 4], reply[at + 5], reply[at + 6], reply[at + 7] = sums[1], sums[2], sums[3], sums[4]
  else
    redis.call('ZREM', base .. 'i', name)
  end
end
return reply
