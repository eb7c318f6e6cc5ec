-- Lets whoever knows the upstream's id settle a hold, and hands it out when it is to be asked for.
-- KEYS  h d u:<upstreamId>
-- ARGV  holdId upstreamId path pollAfterMs
-- Reply numbers: nowMs; 'deferred'|'unknown'
local holdId, upstreamId, path, dueMs = ARGV[1], ARGV[2], ARGV[3], nowMs + ARGV[4]
local hold = readHold(holdId)
if not hold then return { pack('<d', nowMs), 'unknown' } end
local places = placesOf(hold)
checkHere(places)
if hold.upstreamId ~= '' and hold.upstreamId ~= upstreamId then call('DEL', base .. 'u:' .. hold.upstreamId) end
local record, upstream = hold.record, pack('<Ic0Ic0', #upstreamId, upstreamId, #path, path)
local restAt = hold.upstreamAt + 8 + #hold.upstreamId + #hold.path
call('HSET', KEYS[1], holdId, string.sub(record, 1, hold.upstreamAt - 1) .. upstream .. string.sub(record, restAt))
call('SET', KEYS[3], holdId)
call('ZADD', KEYS[2], dueMs, holdId)
for _, place in ipairs(places) do call('ZADD', place, dueMs, holdId) end
return { pack('<d', nowMs), 'deferred' }
