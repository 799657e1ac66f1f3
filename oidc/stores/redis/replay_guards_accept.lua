#!lua
-- KEYS: value. ARGV: request id, lifetime ms.
local seen_by = redis.call('SET', KEYS[1], ARGV[1], 'NX', 'GET', 'PX', ARGV[2])
if not seen_by then return {'ok'} end
if seen_by ~= ARGV[1] then return {'already_used'} end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return {'ok'}
