-- The windows that haven't ended, some at a time: a store that looked through all of many thousands at once would
-- decide nothing meanwhile.
-- KEYS[1] is the index; their own keys are learned from it.

-- About `count` of them from the cursor on ('0' at first), and the next cursor, '0' behind the last.
local function indexedWindows(cursor, count)
  local page = call('ZSCAN', KEYS[1], cursor, 'COUNT', count)
  local found, names, keys, windows = page[2], {}, { KEYS[1] }, {}
  for at = 1, #found, 2 do
    if tonumber(found[at + 1]) > nowMs then
      names[#names + 1] = found[at]
      keys[#keys + 1] = base .. 'w:' .. found[at]
    end
  end
  -- The index is asked for, too, and reads as nothing, since it is no string.
  for i, value in ipairs(call('MGET', unpack(keys))) do
    if value then
      local window = readWindow(keys[i], value, KEYS[1])
      window.name = names[i - 1]
      windows[#windows + 1] = window
    elseif i > 1 then
      call('ZREM', KEYS[1], names[i - 1])
    end
  end
  return page[1], windows
end
