-- A bucket is three doubles: its level, the time in us at which it was so high, and when its key expires. That is
-- later than the bucket is empty, so that most calls needn't move it.
local spareMs = 60000

-- A bucket as it is now. A clock that was set back drains nothing.
local function readRate(key, value, perSecond)
  local level, atUs, expiresMs = 0, 0, false
  if value then level, atUs, expiresMs = unpackDoubles('<ddd', value) end
  if atUs <= nowUs then level = max(0, level - perSecond * (nowUs - atUs) / 1000000) end
  return {
    key = key, perSecond = perSecond, level = level, expiresMs = expiresMs, isAhead = atUs > nowUs,
    burst = 0, waitUpToMs = 0, cost = 0,
  }
end

local function writeRate(rate)
  local emptyMs = min(nowMs + math.ceil(rate.level / rate.perSecond * 1000), largest - spareMs)
  if rate.expiresMs and emptyMs <= rate.expiresMs then
    return call('SETRANGE', rate.key, 0, pack('<dd', rate.level, nowUs))
  end
  rate.expiresMs = emptyMs + spareMs
  call('SET', rate.key, pack('<ddd', rate.level, nowUs, rate.expiresMs), 'PXAT', rate.expiresMs)
end
