#!lua
-- KEYS: code, session, not-before. ARGV: bucket, user, sid, client, redeemable ms, trace ms, then the fields of the code.
local bucket, user, sid, client = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
if not session_lives(bucket, user, sid, not_before_ms(bucket, user)) then
  return {'session_ended'}
end
redis.call('HSETNX', KEYS[2], 'client:' .. client, redis.call('HLEN', KEYS[2]))
redis.call('HSET', KEYS[1], 'redeemable_ms', now_ms() + ARGV[5], unpack(ARGV, 7))
redis.call('PEXPIRE', KEYS[1], ARGV[6])
return {'ok'}
