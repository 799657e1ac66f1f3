#!lua flags=no-writes
-- KEYS: the person's index, not-before. ARGV: bucket, user, first rank, how many members to look at.
-- Returns how many members there were, then one row a living session, its id first.
local not_before = not_before_ms(ARGV[1], ARGV[2])
local members = redis.call('ZRANGE', KEYS[1], ARGV[3], ARGV[3] + ARGV[4] - 1)
local rows = {#members}
for _, member in ipairs(members) do
  local sid = member:match('^s:(.*)$')
  if sid and session_lives(ARGV[1], ARGV[2], sid, not_before) then
    rows[#rows + 1] = {sid, unpack(redis.call('HGETALL', key('sid', ARGV[1], sid)))}
  end
end
return rows
