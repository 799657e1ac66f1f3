#!lua flags=no-writes
-- KEYS: interaction.
local found = redis.call('HMGET', KEYS[1], 'browser_hash', 'parameters', 'created_at', 'selected', 'finished_by')
if not found[1] or found[5] then return {'not_found'} end
return {'ok', unpack(found, 1, 4)}
