#!lua
-- KEYS: grant. ARGV: bucket, grant id, client, generation, scope, request id, rotate (1 or 0), grace ms, retry ms, idle ms, sent ms,
-- and the scope that the client may have today, if that is asked about.
local function have_a_word_in_common(words, others)
  local found = {}
  for word in others:gmatch('%S+') do found[word] = true end
  for word in words:gmatch('%S+') do
    if found[word] then return true end
  end
  return false
end

local bucket, member, request = ARGV[1], 'g:' .. ARGV[2], ARGV[6]
local presented, rotate = tonumber(ARGV[4]), ARGV[7] == '1'
local now = now_ms()
local grant = read(KEYS[1], {'generation', 'start', 'rotated_ms', 'rotated_by', 'unanswered', 'unused', unpack(GRANT)})
if not grant or not grant_lives(bucket, grant) then return {'not_found'} end
local expires = math.min(now + ARGV[10], grant.expires_at * 1000)
if expires <= now then return {'not_found'} end
if grant.client ~= ARGV[3] then return {'mismatch', 'client_id'} end
local granted = {}
for value in grant.scope:gmatch('%S+') do granted[value] = true end
for value in ARGV[5]:gmatch('%S+') do
  if not granted[value] then return {'mismatch', 'scope'} end
end
local asked = ARGV[5] ~= '' and ARGV[5] or grant.scope
if ARGV[12] and asked ~= '' and not have_a_word_in_common(asked, ARGV[12]) then
  return {'mismatch', 'client_scope'}
end
touch_index(bucket, grant.user, grant.client)

local current = tonumber(grant.generation)
local answer
if presented >= current then
  -- Tokens are authentic, so one of a later generation than this record knows shows that the record
  -- lost its last rotations in a fail-over: it catches up.
  answer = rotate and presented + 1 or presented
elseif presented == current - 1 and grant.rotated_ms and (grant.unanswered
  or grant.rotated_by == request or now - grant.rotated_ms <= tonumber(ARGV[8])
  or grant.unused and now - grant.rotated_ms <= tonumber(ARGV[9])) then
  answer = current
elseif grant.rotated_ms and tonumber(ARGV[11]) < tonumber(grant.rotated_ms) then
  -- Held up on the way: it was sent before the record moved on, so its age proves nothing.
  return {'late'}
else
  redis.call('UNLINK', KEYS[1])
  leave_index(bucket, grant.user, member, grant.client)
  return {'already_used'}
end

if answer > current then
  redis.call('HSET', KEYS[1], 'generation', answer, 'rotated_ms', now, 'rotated_by', request)
  if rotate then redis.call('HSET', KEYS[1], 'unanswered', '1', 'unused', '1') end
elseif grant.unanswered and presented < current then
  -- The answer that nobody is known to have got is given now: its grace begins now.
  redis.call('HSET', KEYS[1], 'rotated_ms', now)
end
redis.call('PEXPIREAT', KEYS[1], expires)
enter_in_index(bucket, grant.user, member, expires, grant.client)
return {'ok', answer, unpack(values_of(grant, GRANT))}
