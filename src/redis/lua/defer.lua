-- Lets whoever knows the upstream's id settle a hold, and hands it out when it is to be asked for.
-- KEYS  h d u:<upstreamId>
-- ARGV  holdId upstreamId path pollAfterMs
-- Reply numbers: nowMs; 'deferred'|'unknown'
local holdId, upstreamId, path, dueMs = ARGV[1], ARGV[2], ARGV[3], nowMs + ARGV[4]
local hold = readHold(holdId)
if not hold then return { pack('<d', nowMs), 'unknown' } end
local places = placesOf(hold)
checkHere(places)
if hold.upstreamId and hold.upstreamId ~= upstreamId then call('DEL', base .. 'u:' .. hold.upstreamId) end
hold.upstreamId, hold.path = upstreamId, path
call('HSET', KEYS[1], holdId, packHold(hold))
call('SET', KEYS[3], holdId)
call('ZADD', KEYS[2], dueMs, holdId)
for _, place in ipairs(places) do call('ZADD', place, dueMs, holdId) end
return { pack('<d', nowMs), 'deferred' }
