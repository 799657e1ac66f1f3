#!lua flags=no-writes
-- KEYS: session, not-before. ARGV: bucket, user, sid.
if not session_lives(ARGV[1], ARGV[2], ARGV[3], not_before_ms(ARGV[1], ARGV[2])) then
  return {'session_ended'}
end
return {'ok', unpack(redis.call('HGETALL', KEYS[1]))}
