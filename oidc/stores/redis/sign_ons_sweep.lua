#!lua flags=allow-oom
-- Look at one page of what a person's index holds, and forget what the page before found dead.
-- KEYS: index, not-before.
-- ARGV: bucket, user, first rank, how many members to look at, most pairs, then members and clients
-- (empty: a session) of the page before that were dead.
-- Returns the rank of the next page, or -1; the dead, as members and clients; and the pairs of
-- session and client that "sign out everywhere" has ended.
local bucket, user = ARGV[1], ARGV[2]
local first, size, most_pairs = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local not_before = not_before_ms(bucket, user)

local sessions = {}
local function session_of(sid)
  if not sessions[sid] then
    local values = redis.call('HMGET', key('sid', bucket, sid), 'user', 'start', 'ended')
    local exists = values[1] == user
    sessions[sid] = {
      exists = exists,
      lives = exists and tonumber(values[2]) > not_before and not values[3],
      was_ended_with_all = exists and tonumber(values[2]) <= not_before and not values[3],
    }
  end
  return sessions[sid]
end

local dead, pairs_ended, position = {}, {}, first
local function note_dead(member, client)
  dead[#dead + 1] = member
  dead[#dead + 1] = client
end
local function note_pair(sid, client)
  pairs_ended[#pairs_ended + 1] = sid
  pairs_ended[#pairs_ended + 1] = client
end

local function look_at_session(member, sid)
  local session = session_of(sid)
  if session.lives then return end
  note_dead(member, '')
  if not session.was_ended_with_all then return end
  for _, field in ipairs(redis.call('HKEYS', key('sid', bucket, sid))) do
    local client = field:match('^client:(.*)$')
    if client then note_pair(sid, client) end
  end
end

local function look_at_grant(member, id)
  local grant = read(key('grant', bucket, id), {'user', 'client', 'sid', 'offline', 'start'})
  if not grant then
    note_dead(member, '')
    return
  end
  local session, offline = session_of(grant.sid), grant.offline == '1'
  local was_ended_with_all = tonumber(grant.start) <= not_before
  if not was_ended_with_all and (offline or session.lives) then return end
  note_dead(member, grant.client)
  if was_ended_with_all and (offline or session.was_ended_with_all) then
    note_pair(grant.sid, grant.client)
  end
end

-- Read everything first, see `person.lua`.
local members = size > 0 and redis.call('ZRANGE', KEYS[1], first, first + size - 1) or {}
for _, member in ipairs(members) do
  if #pairs_ended >= 2 * most_pairs then break end
  position = position + 1
  local kind, id = member:match('^(%a):(.*)$')
  if kind == 's' then look_at_session(member, id) else look_at_grant(member, id) end
end
local more = size > 0 and (position < first + #members or #members == size)
local forgotten, records, by_client = {}, {}, {}
for number = 6, #ARGV, 2 do
  local member, client = ARGV[number], ARGV[number + 1]
  local id = member:match('^g:(.*)$')
  forgotten[#forgotten + 1] = member
  if id then records[#records + 1] = key('grant', bucket, id) end
  if client ~= '' then
    by_client[client] = by_client[client] or {}
    table.insert(by_client[client], member)
  end
end
if records[1] then redis.call('EXISTS', unpack(records)) end
for client in pairs(by_client) do touch_index(bucket, user, client) end

if records[1] then redis.call('UNLINK', unpack(records)) end
for client, those in pairs(by_client) do
  redis.call('ZREM', index_of(bucket, user, client), unpack(those))
end
if forgotten[1] then position = position - redis.call('ZREM', KEYS[1], unpack(forgotten)) end
return {'ok', more and position or -1, dead, pairs_ended}
