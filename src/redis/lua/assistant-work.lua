-- Put before the scripts of an organisation's work:
--
--   d  zset  work by when it is due, in Unix milliseconds of this server's clock
--   c  set   work that was called for and has not been renewed since; all of it is in d, too
local call = redis.call
local time = call('TIME')
local nowMs = math.floor((time[1] * 1000000 + time[2]) / 1000)
