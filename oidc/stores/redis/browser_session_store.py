"""Django's sessions on the cluster."""

from __future__ import annotations

import json
from hashlib import sha256

from oidc.errors import NotFound
from oidc.stores.redis.answers import unwrap
from oidc.stores.redis.cluster import run_script
from oidc.stores.redis.keys import session_key
from oidc.stores.redis.script import Argument, load_script

_CREATE = load_script("browser_sessions_create")
_LOAD = load_script("browser_sessions_load")
_SAVE = load_script("browser_sessions_save")
_DELETE = load_script("browser_sessions_delete")


class RedisBrowserSessions:
    """See `stores.base.BrowserSessions`.

    Redis: a string of JSON, under a hash of the key: who can read the cluster cannot take a session
    over.
    """

    def create(self, key: str, members: dict[str, object], lifetime_seconds: int) -> bool:
        arguments: list[Argument] = [_pack(members), lifetime_seconds * 1000]
        return bool(run_script(_CREATE, [_hashed(key)], arguments, write=True))

    def load(self, key: str) -> dict[str, object] | None:
        try:
            [packed] = unwrap(run_script(_LOAD, [_hashed(key)], [], write=False))
        except NotFound:
            return None
        return _unpack(packed)

    def save(self, key: str, members: dict[str, object], lifetime_seconds: int) -> bool:
        arguments: list[Argument] = [_pack(members), lifetime_seconds * 1000]
        try:
            unwrap(run_script(_SAVE, [_hashed(key)], arguments, write=True))
        except NotFound:
            return False
        return True

    def exists(self, key: str) -> bool:
        return self.load(key) is not None

    def delete(self, key: str) -> None:
        run_script(_DELETE, [_hashed(key)], [], write=True)


def _hashed(key: str) -> str:
    return session_key(sha256(key.encode()).hexdigest())


def _pack(members: dict[str, object]) -> str:
    return json.dumps(members, separators=(",", ":"))


def _unpack(packed: str) -> dict[str, object]:
    members: dict[str, object] = json.loads(packed)
    return members
