"""Scripts for looking at the way itself."""

from __future__ import annotations

from oidc.stores.redis.script import Script

READ = Script("read", "#!lua flags=no-writes\nreturn {KEYS[1], ARGV[1]}")
WRITE = Script("write", "#!lua\nredis.call('SET', KEYS[1], ARGV[1], 'PX', 60000) return ARGV[1]")
COUNT = Script(
    "count",
    "#!lua\nlocal n = redis.call('INCR', KEYS[1]) redis.call('PEXPIRE', KEYS[1], 60000) return n",
)
