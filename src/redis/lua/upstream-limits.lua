-- What pods tell of an upstream's own limits, and what all of them know then. Of each model:
--
--   string  doubles: when calls are no longer held back, in us, and of requests and tokens each
--           limit (-1: nobody knows) left atUs perMs seenUs taken sinceUs: see `Allowance` and `CommonCount`
--
-- KEYS  of each model
-- ARGV  maxWaitMs longestHoldMs, and of each model doubles: heldForMs, and of requests and tokens each
--       taken spent heardTaken heardSinceUs (-1: nothing) seenAgoMs (-1: nothing) limit left perMs: see `KindNews`
-- Reply 'limits', and of each model doubles: heldForMs, and of requests and tokens each
--       limit (-1: nobody knows) left perMs seenAgoMs taken sinceUs
local call, pack, unpackBytes = redis.call, struct.pack, struct.unpack
local ceil, max, min = math.ceil, math.max, math.min
local time = call('TIME')
local nowUs = time[1] * 1000000 + time[2]
local maxWaitMs, longestHoldUs = tonumber(ARGV[1]), ARGV[2] * 1000

local longestMs, spareMs = 86400000, 60000
local stateBytes, newsBytes = 7 * 8, 8 * 8

-- Undefined if nobody has seen any. A clock that was set back replenishes nothing, and lets newer sightings in.
local function readKind(value, at)
  if not value then return nil end
  local limit, left, atUs, perMs, seenUs, taken, sinceUs = unpackBytes('<ddddddd', value, at)
  if limit < 0 then return nil end
  left = min(limit, left + max(0, nowUs - atUs) / 1000 * perMs)
  return { limit = limit, left = left, perMs = perMs, seenUs = min(seenUs, nowUs), taken = taken, sinceUs = sinceUs }
end

local function hear(kind, news, at)
  local taken, spent, heardTaken, heardSinceUs, seenAgoMs, limit, left, perMs = unpackBytes('<dddddddd', news, at)
  local seenUs = nowUs - seenAgoMs * 1000
  if seenAgoMs >= 0 and (not kind or seenUs > kind.seenUs) then
    -- What others took since the pod last heard of it isn't in what it says to be left.
    local isHeard = kind and kind.sinceUs == heardSinceUs
    local unheard = isHeard and max(0, kind.taken - heardTaken) or 0
    if perMs == 0 and kind and kind.limit == limit then perMs = kind.perMs end
    kind = kind or { taken = 0, sinceUs = nowUs }
    kind.limit, kind.left, kind.perMs, kind.seenUs = limit, min(limit, left - unheard), perMs, seenUs
  elseif kind then
    local debt = min(kind.left, -kind.perMs * maxWaitMs)
    kind.left = min(kind.limit, max(kind.left - spent, debt))
  end
  if kind then kind.taken = kind.taken + taken end
  return kind
end

local function fullInMs(kind)
  return kind and kind.perMs > 0 and (kind.limit - kind.left) / kind.perMs or 0
end

local function packState(kind)
  if not kind then return pack('<ddddddd', -1, 0, 0, 0, 0, 0, 0) end
  return pack('<ddddddd', kind.limit, kind.left, nowUs, kind.perMs, kind.seenUs, kind.taken, kind.sinceUs)
end

local function packReply(kind)
  if not kind then return pack('<dddddd', -1, 0, 0, 0, 0, 0) end
  local seenAgoMs = (nowUs - kind.seenUs) / 1000
  return pack('<dddddd', kind.limit, kind.left, kind.perMs, seenAgoMs, kind.taken, kind.sinceUs)
end

local reply = { 'limits' }
for i, key in ipairs(KEYS) do
  local news, value = ARGV[i + 2], call('GET', key)
  -- Of another version of this script.
  if value and #value ~= 8 + 2 * stateBytes then value = false end
  local heldUntilUs = max(nowUs + unpackBytes('<d', news) * 1000, value and unpackBytes('<d', value) or 0)
  heldUntilUs = min(heldUntilUs, nowUs + longestHoldUs)
  local requests = hear(readKind(value, 9), news, 9)
  local tokens = hear(readKind(value, 9 + stateBytes), news, 9 + newsBytes)
  local heldForMs = (heldUntilUs - nowUs) / 1000
  if requests or tokens or heldForMs > 0 then
    local ttlMs = ceil(min(longestMs, max(fullInMs(requests), fullInMs(tokens), heldForMs))) + spareMs
    call('SET', key, pack('<d', heldUntilUs) .. packState(requests) .. packState(tokens), 'PX', ttlMs)
  end
  reply[i + 1] = pack('<d', heldForMs) .. packReply(requests) .. packReply(tokens)
end
return reply
