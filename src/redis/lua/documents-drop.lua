-- Deletes a partition. Where it is large, its memory is given back in the background.
-- KEYS  b m l
-- Reply 'dropped'|'nothing'
return { redis.call('UNLINK', unpack(KEYS)) > 0 and 'dropped' or 'nothing' }
