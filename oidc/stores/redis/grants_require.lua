#!lua flags=no-writes
-- KEYS: grant, then the mark of a revoked access token.
-- ARGV: bucket.
if redis.call('EXISTS', KEYS[2]) == 1 then return {'not_found'} end
local grant = read(KEYS[1], {'start', 'user', 'sid', 'offline'})
if not grant or not grant_lives(ARGV[1], grant) then return {'not_found'} end
return {'ok', grant.user}
