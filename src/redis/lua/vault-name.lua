-- KEYS  scope
-- ARGV  keepMs, and for each original: entity digest sealed
-- Reply 'named', and the number of each
local originals = tableOf(KEYS[1])
local isFirst = call('HEXISTS', originals, 'f') == 1
local reply = { 'named' }
for first = 2, #ARGV, 3 do
  local entity, digest, sealed = ARGV[first], ARGV[first + 1], ARGV[first + 2]
  local known = call('HGET', originals, 'o:' .. entity .. ':' .. digest)
  local number = known and tonumber(match(known, '^(%d+):'))
  if not number then
    local last = tonumber(call('HGET', originals, 'n:' .. entity) or 0)
    number = numberAfter(last, isFirst, ARGV[1])
    put(originals, entity, digest, number, sealed)
  end
  reply[#reply + 1] = number
end
extend(KEYS[1], originals, ARGV[1])
return reply
