local function leaveQueue(queue, asked, holdId)
  call('ZREM', queue, holdId)
  call('ZREM', asked, holdId)
end
