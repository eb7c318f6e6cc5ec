-- Put before the scripts of calls with an Idempotency-Key. Each call has one key, which expires by itself:
--
--   c  hash  o who has begun it, f the fingerprint of what was asked for, l the end of the lease in Unix milliseconds
--            of this server's clock, and, once it has ended, a the answer
local call = redis.call
local time = call('TIME')
local nowMs = math.floor((time[1] * 1000000 + time[2]) / 1000)
