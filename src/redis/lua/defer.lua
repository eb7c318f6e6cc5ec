-- Lets whoever knows the upstream's id settle a hold, and hands it out when it is to be asked for.
-- KEYS  h i
-- ARGV  holdId upstreamId path pollAfterMs
-- Reply {'deferred'|'unknown', nowMs}
local holdId, upstreamId, path, pollAfterMs = take(), take(), take(), takeNumber()
local hold = readHold(holdId)
if not hold then return { 'unknown', nowMs } end
if hold.upstreamId and hold.upstreamId ~= upstreamId then redis.call('DEL', base .. 'u:' .. hold.upstreamId) end
hold.upstreamId, hold.path = upstreamId, path
redis.call('HSET', base .. 'h', holdId, cmsgpack.pack(hold))
redis.call('SET', base .. 'u:' .. upstreamId, holdId)
setDue(holdId, hold, nowMs + pollAfterMs, true)
return { 'deferred', nowMs }
