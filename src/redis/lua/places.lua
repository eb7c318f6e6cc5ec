-- The keys of the places that a hold has.
local function placesOf(hold)
  local places, at = {}, hold.linesAt
  for _ = 1, hold.lineCount do
    local letter, name, _, nextAt = unpackBytes('<c1Ic0d', hold.record, at)
    if letter == 'c' then places[#places + 1] = base .. 'c:' .. name end
    at = nextAt
  end
  return places
end

-- Fails if a node that a slot is moved from, or to, lacks one of these keys: see shared.lua.
local function checkHere(keys)
  if #keys > 0 then call('EXISTS', base .. 'h', unpack(keys)) end
end
