-- KEYS  c
-- ARGV  owner fingerprint keepMs answer
-- Reply 'done', whether it is the owner's or not
local known = call('HMGET', KEYS[1], 'o', 'a')
-- A call that the server has lost has run all the same: nobody may make it again.
if not known[1] or (known[1] == ARGV[1] and not known[2]) then
  call('HSET', KEYS[1], 'o', ARGV[1], 'f', ARGV[2], 'l', nowMs, 'a', ARGV[4])
  call('PEXPIRE', KEYS[1], ARGV[3])
end
return { 'done' }
