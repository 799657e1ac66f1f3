#!lua flags=no-writes
-- KEYS: the person's index, not-before. ARGV: bucket, user. Returns one row a living session, its id first.
local rows = {}
local not_before = not_before_ms(ARGV[1], ARGV[2])
for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], now_ms(), '+inf')) do
  local sid = member:match('^s:(.*)$')
  if sid and session_lives(ARGV[1], ARGV[2], sid, not_before) then
    rows[#rows + 1] = {sid, unpack(redis.call('HGETALL', key('sid', ARGV[1], sid)))}
  end
end
return rows
