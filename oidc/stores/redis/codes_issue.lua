#!lua
-- KEYS: code, grant, session, not-before, index of the person.
-- ARGV: bucket, grant id, redeemable ms, trace ms, grant lifetime ms (0: the code opens it), most grants, then the fields of the code.
local bucket, id = ARGV[1], ARGV[2]
local code = record_of(ARGV, 7)
local not_before = not_before_ms(bucket, code.user)
local known = redis.call('EXISTS', KEYS[1]) == 1
local opens = ARGV[5] ~= '0' and not known
redis.call('EXISTS', KEYS[2])
touch_index(bucket, code.user, code.client)
local surplus = opens and find_surplus(bucket, code.user, code.client, ARGV[6])
if not session_lives(bucket, code.user, code.sid, not_before) then return {'session_ended'} end
note_client(bucket, code.sid, code.client)
redis.call('HSET', KEYS[1], 'redeemable_ms', now_ms() + ARGV[3], unpack(ARGV, 7))
redis.call('PEXPIRE', KEYS[1], ARGV[4])
if opens then
  redis.call('HSET', KEYS[1], 'opened', '1')
  open_grant(bucket, id, code, not_before, grant_end_ms(code, ARGV[5]), surplus)
end
return {'ok'}
