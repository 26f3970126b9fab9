-- Counts events against a rate, by GCRA (generic cell rate algorithm).
-- KEYS[1] holds the theoretical arrival time: when everything allowed so far
-- would have happened if it had come evenly, in microseconds.
-- ARGV: the time one event stands for, the time that may be ahead (both in
-- microseconds), and how many events there are; -1 takes one back.
-- Returns 0 if allowed, else the microseconds until it would be.
local interval, window, events = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local arrival = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now)
local after = arrival + interval * events
if events < 0 then
  if after <= now then
    redis.call('DEL', KEYS[1])
  else
    redis.call('SET', KEYS[1], string.format('%.0f', after), 'KEEPTTL')
  end
  return 0
end
local ahead = after - now
if ahead > window then
  return ahead - window
end
redis.call('SET', KEYS[1], string.format('%.0f', after), 'PX', math.ceil(ahead / 1000) + 1)
return 0
