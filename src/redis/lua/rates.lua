-- A bucket is three doubles: its level, the time in us at which it was so high, and when its key expires. That is
-- later than the bucket is empty, so that most calls needn't move it.
local spareMs = 60000

-- The level as it is now, when the key expires (false for none), and whether time was set back since: that drains
-- nothing.
local function readRate(value, perSecond)
  if not value then return 0, false, false end
  local level, atUs, expiresMs = unpackBytes('<ddd', value)
  if atUs > nowUs then return level, expiresMs, true end
  return max(0, level - perSecond * (nowUs - atUs) / 1000000), expiresMs, false
end

-- Returns when the key expires now.
local function writeRate(key, level, perSecond, expiresMs)
  local emptyMs = min(nowMs + ceil(level / perSecond * 1000), largest - spareMs)
  if expiresMs and emptyMs <= expiresMs then
    call('SETRANGE', key, '0', pack('<dd', level, nowUs))
    return expiresMs
  end
  call('SET', key, pack('<ddd', level, nowUs, emptyMs + spareMs), 'PXAT', emptyMs + spareMs)
  return emptyMs + spareMs
end
