#!lua flags=allow-oom
-- KEYS: session.
if redis.call('UNLINK', KEYS[1]) == 0 then
  -- Somebody else deleted it. `WAIT` covers that too once this connection has written later on.
  redis.call('SET', KEYS[1], '', 'PX', 1000)
  redis.call('UNLINK', KEYS[1])
end
return 1
