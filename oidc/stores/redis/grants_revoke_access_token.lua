#!lua flags=allow-oom
-- KEYS: mark of the token. ARGV: lifetime ms.
redis.call('SET', KEYS[1], '', 'PX', ARGV[1])
return {'ok'}
