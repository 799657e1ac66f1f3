#!lua flags=allow-oom
-- KEYS: grant. ARGV: bucket, grant id, client.
local grant = read(KEYS[1], {'user', 'client'})
if not grant then
  fence(ARGV[1])
  return {'ok'}
end
if grant.client ~= ARGV[3] then return {'mismatch', 'client_id'} end
touch_index(ARGV[1], grant.user, grant.client)
redis.call('UNLINK', KEYS[1])
leave_index(ARGV[1], grant.user, 'g:' .. ARGV[2], grant.client)
return {'ok'}
