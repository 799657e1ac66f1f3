"""Values that are accepted once, on the cluster."""

from __future__ import annotations

import json
from hashlib import sha256

from oidc.stores.redis.answers import unwrap
from oidc.stores.redis.cluster import run_script
from oidc.stores.redis.keys import replay_key
from oidc.stores.redis.script import Argument, load_script

_ACCEPT = load_script("replay_guards_accept")


class RedisReplayGuards:
    """See `stores.base.ReplayGuards`. Redis: a string, the request id that was let through."""

    def accept_once(
        self, purpose: str, issuer: str, value: str, *, request_id: str, lifetime_seconds: int
    ) -> None:
        # As JSON, so that no two triples look the same.
        digest = sha256(json.dumps((purpose, issuer, value)).encode()).hexdigest()
        arguments: list[Argument] = [request_id, lifetime_seconds * 1000]
        unwrap(run_script(_ACCEPT, [replay_key(digest)], arguments, write=True))
