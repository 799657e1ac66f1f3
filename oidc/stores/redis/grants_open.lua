#!lua
-- KEYS: grant, session, not-before, index of the person.
-- ARGV: bucket, grant id, lifetime ms, most grants, then the fields of the grant.
local bucket, id = ARGV[1], ARGV[2]
local grant = record_of(ARGV, 5)
local not_before = not_before_ms(bucket, grant.user)
local is_open = redis.call('EXISTS', KEYS[1]) == 1  -- sent again after a lost answer
touch_index(bucket, grant.user, grant.client)
local surplus = not is_open and find_surplus(bucket, grant.user, grant.client, ARGV[4])
if not session_lives(bucket, grant.user, grant.sid, not_before) then return {'session_ended'} end
note_client(bucket, grant.sid, grant.client)
open_grant(bucket, id, grant, not_before, grant_end_ms(grant, ARGV[3]), surplus)
return {'ok'}
