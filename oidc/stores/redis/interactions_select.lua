#!lua
-- KEYS: interaction.
local found = redis.call('HMGET', KEYS[1], 'browser_hash', 'finished_by')
if not found[1] or found[2] then return {'not_found'} end
redis.call('HSET', KEYS[1], 'selected', '1')
return {'ok'}
