-- Hands out holds whose lease has ended or that are to be asked about upstream, the longest due first.
-- KEYS  h d
-- ARGV  max claimMs
-- Reply numbers: nowMs, and of each hold tokens nanoUsd admittedAtMs;
--       'due', and of each hold id note upstreamId path ('' if none)
local dueMs = nowMs + ARGV[2]
local numbers, reply, gone = { pack('<d', nowMs) }, { '', 'due' }, {}
local claimed, places = {}, {}
for _, holdId in ipairs(call('ZRANGEBYSCORE', KEYS[2], '-inf', nowMs, 'LIMIT', 0, ARGV[1])) do
  local hold = readHold(holdId)
  if hold then
    claimed[#claimed + 1] = holdId
    -- Work that goes on upstream still has its place; the call of an owner who is gone has lost it.
    if hold.upstreamId ~= '' then
      for _, place in ipairs(placesOf(hold)) do places[#places + 1] = { place, holdId } end
    end
    numbers[#numbers + 1] = pack('<ddd', hold.tokens, hold.nanoUsd, hold.at)
    local at = #reply
    reply[at + 1], reply[at + 2], reply[at + 3], reply[at + 4] = holdId, hold.note, hold.upstreamId, hold.path
  else
    gone[#gone + 1] = holdId
  end
end
for _, place in ipairs(places) do checkHere({ place[1] }) end
for _, holdId in ipairs(claimed) do call('ZADD', KEYS[2], dueMs, holdId) end
for _, place in ipairs(places) do call('ZADD', place[1], dueMs, place[2]) end
for _, holdId in ipairs(gone) do call('ZREM', KEYS[2], holdId) end
reply[1] = table.concat(numbers)
return reply
