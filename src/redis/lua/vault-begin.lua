-- KEYS  scope
-- ARGV  keepMs isFirst, and for each original, in the order of their numbers: entity digest number sealed
-- Reply 'begun', also if the scope has a table already
if call('EXISTS', KEYS[1]) == 0 then
  if ARGV[2] == '1' then call('HSET', KEYS[1], 'f', '1') end
  for first = 3, #ARGV, 4 do
    put(KEYS[1], ARGV[first], ARGV[first + 1], tonumber(ARGV[first + 2]), ARGV[first + 3])
  end
  call('PEXPIRE', KEYS[1], ARGV[1])
end
return { 'begun' }
