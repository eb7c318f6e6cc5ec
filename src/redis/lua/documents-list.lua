-- A page of a list.
-- KEYS  b m l
-- ARGV  list 'asc'|'desc' limit after before ('' for no cursor, else '=' and its id)
-- Reply 'page' '1' if there are more, else '0'; and of each document: id version body
--       'unknown' if a cursor is in no such list
local list, isAscending, limit, after, before = ARGV[1], ARGV[2] == 'asc', tonumber(ARGV[3]), ARGV[4], ARGV[5]

-- Where a cursor stands; false if it is not in the list.
local function placeOf(cursor)
  local id = sub(cursor, 2)
  local record = call('HGET', KEYS[2], id)
  if not record then return false end
  local _, sequence, lists = unpackRecord(record)
  return find(lists .. ' ', ' ' .. list .. ' ', 1, true) and '(' .. memberOf(list, sequence, id)
end

local first, last = '[' .. list .. '\0', '(' .. list .. '\1'
if after ~= '' then
  local place = placeOf(after)
  if not place then return { 'unknown' } end
  if isAscending then first = place else last = place end
end
if before ~= '' then
  local place = placeOf(before)
  if not place then return { 'unknown' } end
  if isAscending then last = place else first = place end
end

-- With `before` alone, the page is read from its end on.
local isBackwards = before ~= '' and after == ''
local members
if isAscending ~= isBackwards then
  members = call('ZRANGEBYLEX', KEYS[3], first, last, 'LIMIT', 0, limit + 1)
else
  members = call('ZREVRANGEBYLEX', KEYS[3], last, first, 'LIMIT', 0, limit + 1)
end
local count, ids = min(#members, limit), {}
for i = 1, count do ids[isBackwards and count + 1 - i or i] = sub(members[i], #list + 19) end
return pushDocuments({ 'page', #members > limit and '1' or '0' }, ids)
