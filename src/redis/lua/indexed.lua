-- The windows that haven't ended, by name.
-- KEYS[1] is the index; their own keys are learned from it.
local atOnce = 1000

local function indexedWindows()
  local names, windows = call('ZRANGEBYSCORE', KEYS[1], nowMs + 1, '+inf'), {}
  for first = 1, #names, atOnce do
    local keys = { KEYS[1] }
    for i = first, min(first + atOnce - 1, #names) do keys[#keys + 1] = base .. 'w:' .. names[i] end
    -- The index is asked for, too, and reads as nothing, since it is no string.
    for i, value in ipairs(call('MGET', unpack(keys))) do
      if value then
        local window = readWindow(keys[i], value, KEYS[1])
        window.name = names[first + i - 2]
        windows[#windows + 1] = window
      elseif i > 1 then
        call('ZREM', KEYS[1], names[first + i - 2])
      end
    end
  end
  return windows
end
