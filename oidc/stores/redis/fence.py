"""A write of no meaning, which replicas confirm before anybody is told that something is gone.

A master that was cut off, or was replaced while it hung, does not know what the others have stored
since. It finds out when it is asked anything on its cluster bus; until then it would say of new
codes, grants and sessions that there are none. Reads need no replica, and neither does a script
that found nothing to write: so what they deny is confirmed by a write that comes after.
"""

from __future__ import annotations

from oidc.stores.redis.connection import ReplyError
from oidc.stores.redis.exchange import exchange
from oidc.stores.redis.patience import Patience
from oidc.stores.redis.pool import NodePool
from oidc.stores.redis.script import Script
from oidc.stores.redis.verdicts import judge

_FENCE = Script("fence", "#!lua flags=allow-oom\nredis.call('SET', KEYS[1], '', 'PX', 1000)")


def confirm_denial(
    pool: NodePool, key: str, replicas: int, patience: Patience, *, asking: bool
) -> None:
    """Make sure that the node which has denied `key` was the master of its slot.

    Redis: one more round trip, on the slot of `key`.

    Raises:
        NotNow, StoreUnavailable: as `exchange` and `judge`.
    """
    if not replicas:
        return
    packet = _FENCE.pack_with_source([_beside(key)], [])
    reply = exchange(pool, packet, replicas, patience, asking=asking)
    if type(reply) is ReplyError:
        judge(reply)


def _beside(key: str) -> str:
    """Return the name of a fence in the slot of a key."""
    _, opened, rest = key.partition("{")
    return f"fence:{{{rest.partition('}')[0] if opened else key}}}"
