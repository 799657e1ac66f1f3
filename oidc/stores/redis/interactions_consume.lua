#!lua
-- KEYS: interaction. ARGV: request id, trace ms.
local found = redis.call('HMGET', KEYS[1], 'browser_hash', 'parameters', 'created_at', 'selected', 'finished_by')
if not found[1] or (found[5] and found[5] ~= ARGV[1]) then return {'not_found'} end
-- Kept a little longer for the same request, should it have to ask again.
redis.call('HSET', KEYS[1], 'finished_by', ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return {'ok', unpack(found, 1, 4)}
