#!lua
-- KEYS: session. ARGV: members, lifetime ms.
return redis.call('SET', KEYS[1], ARGV[1], 'XX', 'PX', ARGV[2]) and {'ok'} or {'not_found'}
