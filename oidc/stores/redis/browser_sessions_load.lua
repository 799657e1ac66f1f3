#!lua flags=no-writes
-- KEYS: session.
return redis.call('GET', KEYS[1])
