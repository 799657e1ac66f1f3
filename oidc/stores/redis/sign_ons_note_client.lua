#!lua
-- KEYS: session, not-before. ARGV: bucket, user, sid, client.
local bucket, user, sid, client = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
if not session_lives(bucket, user, sid, not_before_ms(bucket, user)) then
  return {'session_ended'}
end
note_client(bucket, sid, client)
return {'ok'}
