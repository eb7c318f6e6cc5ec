-- KEYS  c
-- ARGV  owner fingerprint leaseMs keepMs
-- Reply 'done', whether it is the owner's or not
local known = call('HMGET', KEYS[1], 'o', 'a')
if known[1] == ARGV[1] and not known[2] then
  call('HSET', KEYS[1], 'f', ARGV[2], 'l', nowMs + ARGV[3])
  call('PEXPIRE', KEYS[1], ARGV[3] + ARGV[4])
end
return { 'done' }
