-- Put before every script of the ledger. The keys of an organisation begin alike, with its hash tag among it:
--
--   w:<window>  string   a window's amounts: see cells.lua
--   i           zset     windows by the time at which they are over
--   h           hash     holds by id, packed: see holds.lua; they never expire, since windows would go on holding them
--   d           zset     holds by the time at which they are due: lease ended, or upstream to be asked
--   s:<hold>    string   a hold that was settled, packed, with its charge
--   u:<id>      string   the hold of work that goes on upstream, or of which news may come
--   r:<rate>    string   a bucket's level: see rates.lua
--   c:<limit>   zset     holds that have a place, by the end of their lease
--   q:<limit>   zset     holds that wait for one, in order;  a:<limit> the same by when they last asked
--
-- KEYS has every key whose name the caller knows. While a cluster moves a slot key by key, Redis refuses a
-- script on a node that lacks one of several keys, so what has moved already is never taken for empty. It
-- refuses a new window, too: no node could tell that from one that has moved.
-- Other keys are learned from what a script reads: those of a hold from its record, those of windows from the
-- index. A script reads or checks them all in one command, together with the key that told of them, before it
-- writes anything: the same rule then holds for them, and a script that is refused has changed nothing.
--
-- A script makes its functions anew each time it runs, so those that few calls need are made inside of a branch, or of
-- a function, that only those enter.
--
-- Numbers go to redis.call as they are: it writes them with 17 digits, and so exactly. They are never joined
-- to a text with `..`, which writes 14. Lists of numbers, in ARGV and in replies, are packed doubles.
local call, pack, unpackBytes = redis.call, struct.pack, struct.unpack
local ceil, floor, max, min = math.ceil, math.floor, math.max, math.min
local time = call('TIME')
local nowUs = time[1] * 1000000 + time[2]
local nowMs = floor(nowUs / 1000)
-- The first key is one of `h` and `i`.
local base = string.sub(KEYS[1], 1, -2)
-- As `largestAmount` in src/ledger/amounts.ts.
local largest = 9007000000000000
