-- Gives up the places that a call has in queues.
-- KEYS  h, and q a of each limit
-- ARGV  holdId
-- Reply numbers: nowMs; 'left'
for i = 2, #KEYS, 2 do leaveQueue(KEYS[i], KEYS[i + 1], ARGV[1]) end
return { pack('<d', nowMs), 'left' }
