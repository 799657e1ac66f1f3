#!lua flags=allow-oom
-- KEYS: not-before, index, trace of the last call. ARGV: request id, trace ms, least lifetime ms, clock skew ms.
local function remaining_ms(name) return math.max(redis.call('PTTL', name), 0) end

local now = now_ms()
local before = tonumber(redis.call('GET', KEYS[1]) or '0')
local last = redis.call('ZRANGE', KEYS[2], -1, -1, 'WITHSCORES')
local longest = math.max(remaining_ms(KEYS[1]), tonumber(ARGV[3]), (tonumber(last[2]) or now) - now)
if redis.call('GET', KEYS[3]) == ARGV[1] then
  -- Sent again after a lost answer: who has signed in since then stays signed in.
  redis.call('PEXPIRE', KEYS[1], longest)
  return {'ok'}
end
-- Ahead of the clock, because the clock of a node that has just taken over may be late. What starts
-- from here on is later than `not_before` by construction.
redis.call('SET', KEYS[1], math.max(now + ARGV[4], before + 1), 'PX', longest)
redis.call('SET', KEYS[3], ARGV[1], 'PX', ARGV[2])
-- The index is left as it is, however long: what it leads to is dead, and `sweep` goes through it.
return {'ok'}
