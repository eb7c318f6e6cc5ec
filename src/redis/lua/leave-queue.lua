-- Gives up the places that a call has in queues.
-- KEYS  h i
-- ARGV  holdId, limits...
-- Reply {'left', nowMs}
local holdId = take()
for at = 2, #ARGV do leaveQueue(ARGV[at], holdId) end
return { 'left', nowMs }
