"""The server with a store that is broken on purpose, so that the checker has something to see.

`GATEHOUSE_LAB_BREAKAGE` names what is broken. (A store that does not wait for replicas needs no
code: `REDIS_WAIT_REPLICAS=0`.)
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from typing import Any

from authserver.wsgi import application
from oidc.errors import AlreadyUsed
from oidc.stores.redis import code_store
from oidc.stores.redis.cluster import cluster
from oidc.stores.redis.keys import code_key
from oidc.stores.redis.script import Script

__all__ = ["application"]

_PLACE_OF_REQUEST_ID = {"codes_redeem": 5, "grants_rotate": 5, "replay_guards_accept": 0}


def _get_then_delete() -> None:
    """Look whether a code was used, and note that it was, in two steps."""
    source = code_store._REDEEM._source.decode()
    looked = "if not code then return {'not_found'} end"
    assert looked in source
    blind = source.replace(looked, f"{looked}\ncode.used_by = nil")
    code_store._REDEEM = Script("codes_redeem", blind, reads_found_keys=True)
    redeem = code_store.RedisCodes.redeem

    def look_then_redeem(self: Any, handle: Any, code_hash: str, *args: Any, **kwargs: Any) -> Any:
        if cluster().commands().hget(code_key(handle.bucket, code_hash), "used_by"):
            raise AlreadyUsed
        return redeem(self, handle, code_hash, *args, **kwargs)

    code_store.RedisCodes.redeem = look_then_redeem  # type: ignore[method-assign]


def _no_request_id() -> None:
    """Send every attempt of a call as if it were another call."""
    pack = Script.pack

    def pack_anew(script: Script, keys: list[str], arguments: list[Any]) -> bytes:
        place = _PLACE_OF_REQUEST_ID.get(script.name)
        if place is not None:
            arguments = [*arguments]
            arguments[place] = secrets.token_hex(8)
        return pack(script, keys, arguments)

    Script.pack = pack_anew  # type: ignore[method-assign]


BREAKAGES: dict[str, Callable[[], None]] = {
    "": lambda: None,
    "get-then-delete": _get_then_delete,
    "no-request-id": _no_request_id,
}
BREAKAGES[os.environ.get("GATEHOUSE_LAB_BREAKAGE", "")]()
