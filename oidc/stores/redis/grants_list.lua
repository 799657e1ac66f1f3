#!lua flags=no-writes
-- KEYS: the person's index. ARGV: bucket, first rank, how many members to look at.
-- Returns how many members there were, then one row a living grant, its id first.
local members = redis.call('ZRANGE', KEYS[1], ARGV[2], ARGV[2] + ARGV[3] - 1)
local rows = {#members}
for _, member in ipairs(members) do
  local id = member:match('^g:(.*)$')
  local grant = id and read(key('grant', ARGV[1], id), {'start', unpack(GRANT)})
  if grant and grant_lives(ARGV[1], grant) then
    rows[#rows + 1] = {id, unpack(values_of(grant, GRANT))}
  end
end
return rows
