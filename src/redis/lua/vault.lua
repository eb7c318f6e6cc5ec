-- Put before the scripts of tables of originals. A scope's key is a hash, which expires by itself:
--
--   =                     the key of the scope whose table this one shares, or, once it is shared, its own
--   f                     there, if no table of the scope can have been there before: numbers begin at 1
--   n:<entity>            the highest number of it
--   o:<entity>:<digest>   an original: its number, a colon, and what only a key opens
--
-- All of an organisation have one hash tag, so a table that is learned from a scope is on the same server.
local call, format, match, sub = redis.call, string.format, string.match, string.sub
local max, floor = math.max, math.floor

local function tableOf(scope)
  return call('HGET', scope, '=') or scope
end

-- Both, as whoever leads to a table must not be gone before it.
local function extend(scope, originals, keepMs)
  call('PEXPIRE', originals, keepMs)
  if scope ~= originals then call('PEXPIRE', scope, keepMs) end
end

-- As `next-number.ts` has it, which says why: seconds since 2026, and more than pass in three centuries.
local nowSeconds = tonumber(call('TIME')[1]) - 1767225600
local levelLength = 1e10

local function numberAfter(last, isFirst, keepMs)
  local number = isFirst and last + 1 or max(last + 1, nowSeconds)
  if number % levelLength < nowSeconds + floor(keepMs / 1000) then return number end
  return (floor(number / levelLength) + 1) * levelLength + nowSeconds
end

local function put(originals, entity, digest, number, sealed)
  call('HSET', originals, 'n:' .. entity, format('%.0f', number))
  call('HSET', originals, 'o:' .. entity .. ':' .. digest, format('%.0f', number) .. ':' .. sealed)
end
