#!lua flags=no-writes
-- KEYS: mark of the token.
return redis.call('EXISTS', KEYS[1])
