#!lua
-- KEYS: session. ARGV: members, lifetime ms.
local taken = redis.call('GET', KEYS[1])
if taken and taken ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
