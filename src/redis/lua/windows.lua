-- Some of the windows of budgets that haven't ended: a store that looked through all of many thousands at once
-- would decide nothing meanwhile.
-- KEYS  h i
-- ARGV  cursor ('0' at first) count (about)
-- Reply {'windows', nowMs, cursor ('0' behind the last), windows...}, each name startMs ('' in a rolling one's
--       name) endMs used held (in both)
local cursor, found = unpack(redis.call('ZSCAN', base .. 'i', take(), 'COUNT', take()))
local reply = { 'windows', nowMs, cursor }
local function tell(name)
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
for at = 1, #found, 2 do
  if tonumber(found[at + 1]) > nowMs then tell(found[at]) end
end
return reply
