-- KEYS  scope newcomer
-- ARGV  keepMs
-- Reply 'joined', also if the newcomer has a table already
local originals = tableOf(KEYS[1])
-- A table that others lead to leads nowhere else, though nothing be in it yet.
call('HSETNX', originals, '=', originals)
extend(KEYS[1], originals, ARGV[1])
if call('EXISTS', KEYS[2]) == 0 then
  call('HSET', KEYS[2], '=', originals)
  call('PEXPIRE', KEYS[2], ARGV[1])
end
return { 'joined' }
