-- Put before the scripts of tables of originals. A scope's key is a hash, which expires by itself:
--
--   =                     the key of the scope whose table this one shares, or, once it is shared, its own
--   n:<entity>            how many originals of it there are
--   o:<entity>:<digest>   an original: its number, a colon, and what only a key opens
--
-- All of an organisation have one hash tag, so a table that is learned from a scope is on the same server.
local call, match, sub = redis.call, string.match, string.sub

local function tableOf(scope)
  return call('HGET', scope, '=') or scope
end

-- Both, as whoever leads to a table must not be gone before it.
local function extend(scope, originals, keepMs)
  call('PEXPIRE', originals, keepMs)
  if scope ~= originals then call('PEXPIRE', scope, keepMs) end
end
