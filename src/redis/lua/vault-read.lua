-- KEYS  scope
-- ARGV  keepMs
-- Reply 'table', and for each original its field without the letter, and its value
local originals = tableOf(KEYS[1])
local reply = { 'table' }
local fields = call('HGETALL', originals)
for first = 1, #fields, 2 do
  if sub(fields[first], 1, 2) == 'o:' then
    reply[#reply + 1] = sub(fields[first], 3)
    reply[#reply + 1] = fields[first + 1]
  end
end
extend(KEYS[1], originals, ARGV[1])
return reply
