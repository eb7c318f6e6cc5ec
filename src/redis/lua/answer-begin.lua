-- KEYS  c
-- ARGV  owner fingerprint leaseMs keepMs
-- Reply 'begun' | 'running' fingerprint | 'abandoned' fingerprint | 'answered' fingerprint answer
local known = call('HMGET', KEYS[1], 'f', 'l', 'a')
local fingerprint, leaseEndMs, answer = known[1], known[2], known[3]
if answer then return { 'answered', fingerprint, answer } end
if leaseEndMs then return { tonumber(leaseEndMs) > nowMs and 'running' or 'abandoned', fingerprint } end
call('HSET', KEYS[1], 'o', ARGV[1], 'f', ARGV[2], 'l', nowMs + ARGV[3])
call('PEXPIRE', KEYS[1], ARGV[3] + ARGV[4])
return { 'begun' }
