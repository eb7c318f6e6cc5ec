-- KEYS  d c
-- ARGV  work
-- Reply 'finished', whether there was such work or not
call('ZREM', KEYS[1], ARGV[1])
call('SREM', KEYS[2], ARGV[1])
return { 'finished' }
