-- Put before the scripts that read or write the documents of a partition. Its keys begin alike, with its hash tag:
--
--   b  hash  bodies by id
--   m  hash  records by id: version and sequence number, and, a blank before each, the lists that it is in
--   l  zset  members of lists, all with score 0, and so in the order of their bytes: the list, a zero byte, the
--            sequence number in 16 digits, a zero byte, and the id
--
-- Names of lists come percent-encoded: no blank and no zero byte is in them. A document's sequence number is larger
-- than that of whoever was in one of its lists before it.
local call = redis.call
local find, format, gmatch, match, sub = string.find, string.format, string.gmatch, string.match, string.sub
local max, min = math.max, math.min

-- Lua's stack holds about 8,000 values.
local idsTogether = 1000

local function unpackRecord(record)
  local version, sequence, lists = match(record, '^(%d+) (%d+)(.*)$')
  return version, sequence, lists
end

local function memberOf(list, sequence, id)
  return list .. '\0' .. sequence .. '\0' .. id
end

-- Puts three texts for each id behind a reply: itself, its version and its body, or false twice.
local function pushDocuments(reply, ids)
  for first = 1, #ids, idsTogether do
    local last = min(first + idsTogether - 1, #ids)
    local records = call('HMGET', KEYS[2], unpack(ids, first, last))
    local bodies = call('HMGET', KEYS[1], unpack(ids, first, last))
    for i = first, last do
      local record, at = records[i - first + 1], #reply
      reply[at + 1], reply[at + 2] = ids[i], record and match(record, '^%d+')
      reply[at + 3] = bodies[i - first + 1]
    end
  end
  return reply
end
