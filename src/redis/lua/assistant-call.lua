-- KEYS  d c
-- ARGV  work
-- Reply 'called', whether there is such work or not
if call('ZSCORE', KEYS[1], ARGV[1]) then call('SADD', KEYS[2], ARGV[1]) end
return { 'called' }
