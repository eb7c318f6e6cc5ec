-- Keeps holds from lapsing, but leaves those alone that were deferred: they are due when their upstream is to be
-- asked, whoever else lives.
-- KEYS  h d
-- ARGV  leaseMs, hold ids...
-- Reply numbers: nowMs; 'renewed'
local dueMs = nowMs + ARGV[1]
local holds, places = {}, {}
for i = 2, #ARGV do
  local hold = readHold(ARGV[i])
  if hold and hold.upstreamId == '' then
    holds[#holds + 1] = ARGV[i]
    for _, place in ipairs(placesOf(hold)) do places[#places + 1] = { place, ARGV[i] } end
  end
end
for _, place in ipairs(places) do checkHere({ place[1] }) end
for _, holdId in ipairs(holds) do call('ZADD', KEYS[2], dueMs, holdId) end
for _, place in ipairs(places) do call('ZADD', place[1], dueMs, place[2]) end
return { pack('<d', nowMs), 'renewed' }
