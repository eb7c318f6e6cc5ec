-- KEYS  c
-- ARGV  owner
-- Reply 'done', whether it is the owner's or not
local known = call('HMGET', KEYS[1], 'o', 'a')
if known[1] == ARGV[1] and not known[2] then call('DEL', KEYS[1]) end
return { 'done' }
