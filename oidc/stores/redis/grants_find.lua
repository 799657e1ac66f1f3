#!lua flags=no-writes
-- KEYS: grant, then the mark of a revoked access token, if one is asked about.
-- ARGV: bucket, the lowest generation that counts as living, or empty for any, when the access
-- token was issued (ms). Returns first whether that token is the first that is seen of the current generation.
if KEYS[2] and redis.call('EXISTS', KEYS[2]) == 1 then return {'not_found'} end
local grant = read(KEYS[1], {'generation', 'start', 'rotated_ms', 'unused', unpack(GRANT)})
if not grant or not grant_lives(ARGV[1], grant) then return {'not_found'} end
-- The current generation or its predecessor; a later one than the record knows is genuine too.
if ARGV[2] ~= '' and ARGV[2] + 1 < tonumber(grant.generation) then return {'not_found'} end
return {'ok', is_first_use(grant, ARGV[3]), unpack(values_of(grant, GRANT))}
