-- Writes documents if all conditions hold, else nothing.
-- KEYS  b m l
-- ARGV  how many conditions, of each: id 'absent'|'present'|version;
--       how many puts, of each: id body, how many lists, lists...;
--       ids to delete...
-- Reply 'done'|'failed', and the ids whose conditions don't hold
local bodies, records, members = KEYS[1], KEYS[2], KEYS[3]
local at = 0
local function nextText()
  at = at + 1
  return ARGV[at]
end
local function nextNumber() return tonumber(nextText()) end

local failed = { 'failed' }
for _ = 1, nextNumber() do
  local id, is = nextText(), nextText()
  local record = call('HGET', records, id)
  local version = record and unpackRecord(record)
  local holds
  if is == 'absent' then holds = not version
  elseif is == 'present' then holds = version
  else holds = version == is
  end
  if not holds then failed[#failed + 1] = id end
end
if #failed > 1 then return failed end

-- One more than the last of any of these lists.
local function nextSequence(lists)
  local sequence = 1
  for _, list in ipairs(lists) do
    local last = call('ZREVRANGEBYLEX', members, '(' .. list .. '\1', '[' .. list .. '\0', 'LIMIT', 0, 1)[1]
    if last then sequence = max(sequence, tonumber(sub(last, #list + 2, #list + 17)) + 1) end
  end
  return format('%016.0f', sequence)
end

for _ = 1, nextNumber() do
  local id, body, lists = nextText(), nextText(), {}
  for i = 1, nextNumber() do lists[i] = nextText() end
  local record = call('HGET', records, id)
  if record then
    local version, sequence, listed = unpackRecord(record)
    call('HSET', records, id, format('%.0f', version + 1) .. ' ' .. sequence .. listed)
  else
    local sequence = nextSequence(lists)
    record = '1 ' .. sequence
    for _, list in ipairs(lists) do
      call('ZADD', members, 0, memberOf(list, sequence, id))
      record = record .. ' ' .. list
    end
    call('HSET', records, id, record)
  end
  call('HSET', bodies, id, body)
end

while at < #ARGV do
  local id = nextText()
  local record = call('HGET', records, id)
  if record then
    local _, sequence, lists = unpackRecord(record)
    for list in gmatch(lists, ' ([^ ]*)') do call('ZREM', members, memberOf(list, sequence, id)) end
    call('HDEL', records, id)
    call('HDEL', bodies, id)
  end
end
return { 'done' }
