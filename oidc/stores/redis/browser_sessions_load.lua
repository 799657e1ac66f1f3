#!lua flags=no-writes
-- KEYS: session.
local members = redis.call('GET', KEYS[1])
return members and {'ok', members} or {'not_found'}
