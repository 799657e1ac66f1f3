#!lua
-- KEYS: session, not-before, index. ARGV: bucket, user, sid, lifetime ms.
local bucket, user, sid = ARGV[1], ARGV[2], ARGV[3]
local session = read(KEYS[1], {'user', 'start', 'ended'})
if session and (session.user ~= user or session.ended) then return {'session_ended'} end
touch_index(bucket, user)
-- Sent again after a lost answer: it has started already.
local start = session and session.start or start_ms(not_before_ms(bucket, user))
local expires = now_ms() + ARGV[4]
redis.call('HSET', KEYS[1], 'user', user, 'start', start)
redis.call('PEXPIREAT', KEYS[1], expires)
enter_in_index(bucket, user, 's:' .. sid, expires)
return {'ok', tostring(start)}
