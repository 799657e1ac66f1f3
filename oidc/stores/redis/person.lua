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

local function note_client(bucket, sid, client)
  local session, field = key('sid', bucket, sid), 'client:' .. client
  local number = redis.call('HGET', session, field) or redis.call('HLEN', session)
  redis.call('HSET', session, field, number)
end

-- `grant`: a table with at least user, sid, offline, start.
local function grant_lives(bucket, grant)
  local not_before = not_before_ms(bucket, grant.user)
  local session = session_lives(bucket, grant.user, grant.sid, not_before)
  return tonumber(grant.start) > not_before and (grant.offline == '1' or session)
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

local function touch_index(bucket, user)
  redis.call('EXISTS', key('user', bucket, user))
end

-- Enter a member in the person's index until it expires; drop those that have.
local function enter_in_index(bucket, user, member, expires_ms)
  local index = key('user', bucket, user)
  redis.call('ZADD', index, expires_ms, member)
  redis.call('ZREMRANGEBYSCORE', index, '-inf', now_ms())
  local last = redis.call('ZRANGE', index, -1, -1, 'WITHSCORES')
  if last[2] then redis.call('PEXPIREAT', index, last[2]) end
end

local function leave_index(bucket, user, member)
  redis.call('ZREM', key('user', bucket, user), member)
end

-- When a grant ends that lives so long from now: milliseconds, at most its absolute end.
local function grant_end_ms(record, lifetime_ms)
  return math.min(now_ms() + lifetime_ms, record.expires_at * 1000)
end

-- Store a grant at generation 0. `record`: a table with the columns of the grant.
local function open_grant(bucket, id, record, not_before, expires_ms)
  local name = key('grant', bucket, id)
  local fields = {'start', start_ms(not_before), 'generation', 0}
  for _, field in ipairs(GRANT) do
    fields[#fields + 1] = field
    fields[#fields + 1] = record[field]
  end
  redis.call('HSET', name, unpack(fields))
  redis.call('PEXPIREAT', name, expires_ms)
  enter_in_index(bucket, record.user, 'g:' .. id, expires_ms)
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
