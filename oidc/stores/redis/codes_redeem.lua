#!lua
-- KEYS: code, grant. ARGV: bucket, grant id, client, redirect URI, code challenge, request id, grant lifetime ms, sent ms, most grants.
local CODE = {
  'user', 'client', 'scope', 'sid', 'offline', 'auth_time', 'acr', 'amr', 'expires_at', 'claims',
  'redirect_uri', 'code_challenge', 'nonce', 'redirect_uri_omitted', 'redeemable_ms', 'used_by',
  'used_ms', 'opened',
}
local bucket, id, request = ARGV[1], ARGV[2], ARGV[6]
local member = 'g:' .. id
local now = now_ms()
local code = read(KEYS[1], CODE)
if not code then return {'not_found'} end
-- A used code is known until its trace expires, so that a late thief is noticed too.
if not code.used_by and now >= tonumber(code.redeemable_ms) then return {'not_found'} end
if code.client ~= ARGV[3] then return {'mismatch', 'client_id'} end
-- It may be left out where the challenge binds the code, or where it was left out before.
local needs_no_uri = code.code_challenge ~= '' or code.redirect_uri_omitted == '1'
if code.redirect_uri ~= ARGV[4] and not (ARGV[4] == '' and needs_no_uri) then
  return {'mismatch', 'redirect_uri'}
end
if code.code_challenge ~= ARGV[5] then return {'mismatch', 'code_challenge'} end

local is_open = redis.call('EXISTS', KEYS[2]) == 1
touch_index(bucket, code.user, code.client)
if code.used_by == request then
  redis.call('HSET', KEYS[1], 'used_by', request)
  return {'ok', unpack(values_of(code, CODE), 1, 14)}
end
if code.used_by then
  -- Held up on the way since before it was used; a second, because real thieves race too.
  if ARGV[8] + 1000 < tonumber(code.used_ms) then return {'late'} end
  redis.call('UNLINK', KEYS[2])
  leave_index(bucket, code.user, member, code.client)
  redis.call('HSET', KEYS[1], 'replayed', '1')
  return {'already_used'}
end

local not_before = not_before_ms(bucket, code.user)
if not session_lives(bucket, code.user, code.sid, not_before) then return {'session_ended'} end
local expires = grant_end_ms(code, ARGV[7])
-- A grant that was opened with the code and is gone was ended: nothing brings it back.
if expires <= now or code.opened and not is_open then return {'not_found'} end
local surplus = not is_open and find_surplus(bucket, code.user, code.client, ARGV[9])
redis.call('HSET', KEYS[1], 'used_by', request, 'used_ms', now)
if is_open then
  redis.call('PEXPIREAT', KEYS[2], expires)
  enter_in_index(bucket, code.user, member, expires, code.client)
else
  open_grant(bucket, id, code, not_before, expires, surplus)
end
return {'ok', unpack(values_of(code, CODE), 1, 14)}
