-- Hands out holds whose lease has ended or that are to be asked about upstream, the longest due first.
-- KEYS  h i
-- ARGV  max claimMs
-- Reply {'due', nowMs, holds...}, each id operation model tokens nanoUsd admittedAtMs upstreamId path ('' if none)
local max, claimMs = takeNumber(), takeNumber()
local reply = { 'due', nowMs }
for _, holdId in ipairs(redis.call('ZRANGEBYSCORE', base .. 'd', '-inf', nowMs, 'LIMIT', 0, max)) do
  local hold = readHold(holdId)
  if hold then
    -- Work that goes on upstream still has its place; the call of an owner who is gone has lost it.
    setDue(holdId, hold, nowMs + claimMs, hold.upstreamId ~= nil)
    local at = #reply
    reply[at + 1], reply[at + 2], reply[at + 3] = holdId, hold.operation, hold.model
    reply[at + 4], reply[at + 5], reply[at + 6] = hold.tokens, hold.nanoUsd, hold.at
    reply[at + 7], reply[at + 8] = hold.upstreamId or '', hold.path or ''
  else
    redis.call('ZREM', base .. 'd', holdId)
  end
end
return reply
