-- What scripts about one person share.
--
-- Order within a script: first read every key that decides or will be written, then write. While a
-- slot moves to another node, touching a key that has gone already fails, and then nothing has
-- been changed yet.
--
-- Every answer that promises something writes, even if only again what is there: `WAIT` confirms
-- the writes of its own connection, and the promise may stand on another one's.

local GRANT = {
  'user', 'client', 'scope', 'sid', 'offline', 'auth_time', 'acr', 'amr', 'expires_at', 'claims',
}

-- A script happens at one moment, so it asks for the time once.
local asked_at
local function now_ms()
  if not asked_at then
    local time = redis.call('TIME')
    asked_at = time[1] * 1000 + math.floor(time[2] / 1000)
  end
  return asked_at
end

local function key(kind, bucket, name)
  return kind .. ':{' .. bucket .. '}:' .. name
end

local function not_before_ms(bucket, user)
  return tonumber(redis.call('GET', key('not-before', bucket, user)) or '0')
end

-- Later than anything that the person was signed out of, even within one millisecond.
local function start_ms(not_before)
  return math.max(now_ms(), not_before + 1)
end

local function session_lives(bucket, user, sid, not_before)
  local session = redis.call('HMGET', key('sid', bucket, sid), 'user', 'start', 'ended')
  return session[1] == user and tonumber(session[2]) > not_before and not session[3]
end

-- How many clients a session notes. Whoever ends one reads them all.
local MOST_CLIENTS = 1000

local function note_client(bucket, sid, client)
  local session, field = key('sid', bucket, sid), 'client:' .. client
  local number = redis.call('HGET', session, field)
  if not number then
    number = redis.call('HLEN', session)
    if number >= MOST_CLIENTS + 2 then
      redis.call('HSET', session, 'full', '1')  -- an answer writes, see above
      return
    end
  end
  redis.call('HSET', session, field, number)
end

-- `grant`: a table with at least user, sid, offline, start.
local function grant_lives(bucket, grant)
  local not_before = not_before_ms(bucket, grant.user)
  local session = session_lives(bucket, grant.user, grant.sid, not_before)
  return tonumber(grant.start) > not_before and (grant.offline == '1' or session)
end

-- 1 if an access token that was issued then shows that the client has got what the last rotation
-- answered, and nothing has shown that before. Tokens tell full seconds.
local function is_first_use(grant, issued_ms)
  return grant.unused and tonumber(issued_ms) >= grant.rotated_ms - grant.rotated_ms % 1000 and 1 or 0
end

-- Read fields of a hash into a table; nil if the first one is not there.
local function read(name, fields)
  local values = redis.call('HMGET', name, unpack(fields))
  if not values[1] then return nil end
  local record = {}
  for position, field in ipairs(fields) do record[field] = values[position] end
  return record
end

local function values_of(record, fields)
  local values = {}
  for position, field in ipairs(fields) do values[position] = record[field] end
  return values
end

-- Two indexes lead to a grant: the person's, sorted by expiry, where the sessions are too; and the one
-- of this person and client, in the order in which grants were last used.
local function index_of(bucket, user, client)
  return key('user', bucket, client and user .. ':of:' .. client or user)
end

local function touch_index(bucket, user, client)
  redis.call('EXISTS', index_of(bucket, user))
  if client then redis.call('EXISTS', index_of(bucket, user, client)) end
end

-- How many expired members one write drops: more than it adds.
local MOST_EXPIRED = 100

-- Enter a member in the indexes until it expires, as the last one used; drop some that have expired.
local function enter_in_index(bucket, user, member, expires_ms, client)
  local index = index_of(bucket, user)
  redis.call('ZADD', index, expires_ms, member)
  local expired = redis.call('ZRANGEBYSCORE', index, '-inf', now_ms(), 'LIMIT', 0, MOST_EXPIRED)
  if expired[1] then redis.call('ZREM', index, unpack(expired)) end
  local last = redis.call('ZRANGE', index, -1, -1, 'WITHSCORES')[2]
  if last then redis.call('PEXPIREAT', index, last) end
  if not client then return end
  local of_client = index_of(bucket, user, client)
  local used = redis.call('ZRANGE', of_client, -1, -1, 'WITHSCORES')[2] or 0
  redis.call('ZADD', of_client, math.max(now_ms(), used + 1), member)
  redis.call('PEXPIREAT', of_client, last or expires_ms)
end

local function leave_index(bucket, user, member, client)
  redis.call('ZREM', index_of(bucket, user), member)
  if client then redis.call('ZREM', index_of(bucket, user, client), member) end
end

-- How many grants make room for one new grant: more than one only where the bound was lowered.
local MOST_EVICTED = 10

-- Of how many grants every new one looks whether they have expired.
local LOOKED_AT = 4

-- Read what must leave so that one more grant of a client is within the bound: entries of grants
-- that have expired, and the grants that nobody has used for the longest time.
local function find_surplus(bucket, user, client, most)
  local index = index_of(bucket, user, client)
  local count, surplus = redis.call('ZCARD', index), {expired = {}, evicted = {}}
  if count == 0 then return surplus end
  local seen = count >= tonumber(most) and most + MOST_EVICTED or LOOKED_AT
  local members = redis.call('ZRANGE', index, 0, seen - 1)
  local expiries = redis.call('ZMSCORE', index_of(bucket, user), unpack(members))
  local living = {}
  for position, member in ipairs(members) do
    local lives = tonumber(expiries[position] or '0') > now_ms()
    table.insert(lives and living or surplus.expired, member)
  end
  local too_many = math.min(count - #surplus.expired - most + 1, MOST_EVICTED, #living)
  for position = 1, too_many do
    redis.call('EXISTS', key('grant', bucket, living[position]:sub(3)))
    table.insert(surplus.evicted, living[position])
  end
  return surplus
end

local function make_room(bucket, user, client, surplus)
  if surplus.expired[1] then
    redis.call('ZREM', index_of(bucket, user, client), unpack(surplus.expired))
  end
  for _, member in ipairs(surplus.evicted) do
    redis.call('UNLINK', key('grant', bucket, member:sub(3)))
    leave_index(bucket, user, member, client)
  end
end

-- When a grant ends that lives so long from now: milliseconds, at most its absolute end.
local function grant_end_ms(record, lifetime_ms)
  return math.min(now_ms() + lifetime_ms, record.expires_at * 1000)
end

-- Store a grant at generation 0. `record`: a table with the columns of the grant; `surplus`: what
-- makes room for it; nil where it is there already.
local function open_grant(bucket, id, record, not_before, expires_ms, surplus)
  if surplus then make_room(bucket, record.user, record.client, surplus) end
  local name = key('grant', bucket, id)
  local fields = {'start', start_ms(not_before), 'generation', 0}
  for _, field in ipairs(GRANT) do
    fields[#fields + 1] = field
    fields[#fields + 1] = record[field]
  end
  redis.call('HSET', name, unpack(fields))
  redis.call('PEXPIREAT', name, expires_ms)
  enter_in_index(bucket, record.user, 'g:' .. id, expires_ms, record.client)
end

-- Make a table of a flat list of fields and values, from a position on.
local function record_of(list, first)
  local record = {}
  for position = first, #list, 2 do record[list[position]] = list[position + 1] end
  return record
end

-- A write of no meaning, for answers that stand on what somebody else wrote.
local function fence(bucket)
  redis.call('SET', 'fence:{' .. bucket .. '}', '', 'PX', 1000)
end
