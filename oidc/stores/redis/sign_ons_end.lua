#!lua flags=allow-oom
-- KEYS: session, not-before, index. ARGV: bucket, user, sid, request id, trace ms.
local bucket, user, sid, request = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local session = read(KEYS[1], {'user', 'start', 'ended'})
local mine = session and session.user == user
touch_index(bucket, user)
if not mine or tonumber(session.start) <= not_before_ms(bucket, user)
  or (session.ended and session.ended ~= request) then
  fence(bucket)
  return {'session_ended'}
end
-- The trace keeps a write in flight from starting the session again.
redis.call('HSET', KEYS[1], 'ended', request)
redis.call('PEXPIRE', KEYS[1], ARGV[5])
leave_index(bucket, user, 's:' .. sid)
return {'ok', unpack(redis.call('HGETALL', KEYS[1]))}
