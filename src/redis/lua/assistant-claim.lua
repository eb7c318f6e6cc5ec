-- KEYS  d
-- ARGV  leaseMs limit
-- Reply 'claimed', and the work, the longest due first
local reply = { 'claimed' }
for i, work in ipairs(call('ZRANGEBYSCORE', KEYS[1], '-inf', nowMs, 'LIMIT', 0, ARGV[2])) do
  call('ZADD', KEYS[1], nowMs + ARGV[1], work)
  reply[i + 1] = work
end
return reply
