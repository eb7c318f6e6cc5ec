-- KEYS  d c
-- ARGV  leaseMs work...
-- Reply 'renewed', and which of it was called for
local reply, dueMs = { 'renewed' }, nowMs + ARGV[1]
for i = 2, #ARGV do
  call('ZADD', KEYS[1], 'XX', dueMs, ARGV[i])
  if call('SREM', KEYS[2], ARGV[i]) == 1 then reply[#reply + 1] = ARGV[i] end
end
return reply
