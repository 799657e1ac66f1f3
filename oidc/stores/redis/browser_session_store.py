"""Django's sessions on the cluster."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

from oidc.errors import NotFound
from oidc.keys.sealing import CannotUnseal, seal, unseal
from oidc.stores.redis.answers import unwrap
from oidc.stores.redis.cluster import run_script
from oidc.stores.redis.keys import session_key
from oidc.stores.redis.script import Argument, load_script

_CREATE = load_script("browser_sessions_create")
_LOAD = load_script("browser_sessions_load")
_SAVE = load_script("browser_sessions_save")
_DELETE = load_script("browser_sessions_delete")

_PURPOSE = "browser session"
_SEALED = "sealed"
"""The one member that is stored. A JSON object, so that a server of the release before, which may
run beside this one during an upgrade, takes it for a session in which nobody is signed in."""


class RedisBrowserSessions:
    """See `stores.base.BrowserSessions`.

    Redis: a string of JSON with one member, all others sealed in it, under a hash of the key. Who
    can read the cluster can neither take a session over nor see what anybody has put into one.
    """

    def create(self, key: str, members: dict[str, object], lifetime_seconds: int) -> bool:
        name = _name(key)
        arguments: list[Argument] = [_pack(name, members), lifetime_seconds * 1000]
        return bool(run_script(_CREATE, [name], arguments, write=True))

    def load(self, key: str) -> dict[str, object] | None:
        name = _name(key)
        try:
            [packed] = unwrap(run_script(_LOAD, [name], [], write=False))
        except NotFound:
            return None
        return _unpack(name, packed)

    def save(self, key: str, members: dict[str, object], lifetime_seconds: int) -> bool:
        name = _name(key)
        arguments: list[Argument] = [_pack(name, members), lifetime_seconds * 1000]
        try:
            unwrap(run_script(_SAVE, [name], arguments, write=True))
        except NotFound:
            return False
        return True

    def exists(self, key: str) -> bool:
        try:
            unwrap(run_script(_LOAD, [_name(key)], [], write=False))
        except NotFound:
            return False
        return True

    def delete(self, key: str) -> None:
        run_script(_DELETE, [_name(key)], [], write=True)


def _name(key: str) -> str:
    return session_key(sha256(key.encode()).hexdigest())


def _pack(name: str, members: dict[str, object]) -> str:
    text = json.dumps(members, separators=(",", ":"))
    return f'{{"{_SEALED}":"{seal(_PURPOSE, text.encode(), bound_to=name)}"}}'


def _unpack(name: str, packed: str) -> dict[str, object] | None:
    """Return the members; None if no secret key opens them any more: nobody is signed in then.

    A record of a release that did not seal has its members beside each other.
    """
    stored: dict[str, Any] = json.loads(packed)
    if _SEALED not in stored:
        return stored
    try:
        members: dict[str, object] = json.loads(
            unseal(_PURPOSE, str(stored[_SEALED]), bound_to=name)
        )
    except CannotUnseal:
        return None
    return members
