-- Keeps holds from lapsing.
-- KEYS  h i
-- ARGV  leaseMs, hold ids...
-- Reply {'renewed', nowMs}
local leaseMs = takeNumber()
for at = 2, #ARGV do
  local hold = readHold(ARGV[at])
  -- A deferred hold is due when its upstream is to be asked.
  if hold and not hold.upstreamId then setDue(ARGV[at], hold, nowMs + leaseMs, true) end
end
return { 'renewed', nowMs }
