-- A hold's record. `lines` has a line for each key to settle it in, as the caller named them: `w:<window>`, with
-- ` learned` behind it if the usual amounts are held there; `r:<rate> <tokens a second>`; `c:<limit>`. `starts` has
-- the start of each window's cell, as doubles. `note` is the caller's.

local function packHold(hold)
  return cmsgpack.pack(hold.at, hold.tokens, hold.nanoUsd, hold.usualTokens, hold.usualNanoUsd, hold.lines,
    hold.starts, hold.note, hold.upstreamId, hold.path)
end

local function unpackHold(packed)
  local hold = {}
  hold.at, hold.tokens, hold.nanoUsd, hold.usualTokens, hold.usualNanoUsd, hold.lines, hold.starts, hold.note,
    hold.upstreamId, hold.path = cmsgpack.unpack(packed)
  return hold
end

local function readHold(holdId)
  local packed = call('HGET', base .. 'h', holdId)
  return packed and unpackHold(packed)
end

-- The keys of the places that a hold has.
local function placesOf(hold)
  local places = {}
  for limit in string.gmatch(hold.lines, 'c:[^\n]*') do places[#places + 1] = base .. limit end
  return places
end

-- Fails if a node that a slot is moved from, or to, lacks one of these keys: see shared.lua.
local function checkHere(keys)
  if #keys > 0 then call('EXISTS', base .. 'h', unpack(keys)) end
end
