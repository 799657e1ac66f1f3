#!lua
-- KEYS: grant, session, not-before, index of the person.
-- ARGV: bucket, grant id, lifetime ms, then the fields of the grant.
local bucket, id = ARGV[1], ARGV[2]
local grant = record_of(ARGV, 4)
local not_before = not_before_ms(bucket, grant.user)
redis.call('EXISTS', KEYS[1])
touch_index(bucket, grant.user)
if not session_lives(bucket, grant.user, grant.sid, not_before) then return {'session_ended'} end
note_client(bucket, grant.sid, grant.client)
open_grant(bucket, id, grant, not_before, grant_end_ms(grant, ARGV[3]))
return {'ok'}
