#!lua flags=no-writes
-- KEYS: grant, then the mark of a revoked access token.
-- ARGV: bucket, when the access token was issued (ms). Returns as `grants_find`, then the person.
if redis.call('EXISTS', KEYS[2]) == 1 then return {'not_found'} end
local grant = read(KEYS[1], {'start', 'user', 'sid', 'offline', 'rotated_ms', 'unused'})
if not grant or not grant_lives(ARGV[1], grant) then return {'not_found'} end
return {'ok', is_first_use(grant, ARGV[2]), grant.user}
