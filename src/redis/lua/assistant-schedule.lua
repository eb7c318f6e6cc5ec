-- KEYS  d
-- ARGV  work dueInMs
-- Reply 'scheduled'
call('ZADD', KEYS[1], nowMs + ARGV[2], ARGV[1])
return { 'scheduled' }
