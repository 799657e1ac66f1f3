#!lua flags=no-writes
-- KEYS: the person's index. ARGV: bucket. Returns one row a living grant, its id first.
local rows = {}
for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], now_ms(), '+inf')) do
  local id = member:match('^g:(.*)$')
  local grant = id and read(key('grant', ARGV[1], id), {'start', unpack(GRANT)})
  if grant and grant_lives(ARGV[1], grant) then
    rows[#rows + 1] = {id, unpack(values_of(grant, GRANT))}
  end
end
return rows
