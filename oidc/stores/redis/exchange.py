"""One script, sent to one node."""

from __future__ import annotations

import time
from typing import Any

from oidc.stores.redis.connection import ConnectionBroken, ReplyError
from oidc.stores.redis.counters import counters
from oidc.stores.redis.packets import ASKING, wait_for
from oidc.stores.redis.patience import Patience
from oidc.stores.redis.pool import READS, WRITES, NodePool
from oidc.stores.redis.unavailable import Reason
from oidc.stores.redis.verdicts import NotNow

_UNCONFIRMED = "not confirmed by enough replicas"
_SLOW = "the node is slow"


def exchange(
    pool: NodePool, packet: bytes, replicas: int, patience: Patience, *, asking: bool = False
) -> Any:
    """Send a script to a node, and return its reply, an error as `ReplyError`.

    Raises:
        NotNow: no answer, or not enough `replicas` have confirmed it.
        StoreUnavailable: the node is in trouble, and enough others are trying.
    """
    kind = WRITES if replicas else READS
    beware(pool, kind, patience)
    count = 1
    if asking:
        packet, count = ASKING + packet, 2
    if replicas:
        packet, count = packet + wait_for(replicas), count + 1
    started = time.monotonic()
    replies = _replies(pool, packet, count, patience)
    reply = replies[1] if asking else replies[0]
    if replicas and type(reply) is not ReplyError:
        confirmed = replies[-1]
        if type(confirmed) is not int or confirmed < replicas:
            pool.trouble_of_writes = _UNCONFIRMED
            raise NotNow(_UNCONFIRMED, refresh=True)
        pool.trouble_of_writes = ""
    pool.slowness[kind].note(time.monotonic() - started)
    return reply


def beware(pool: NodePool, kind: int, patience: Patience) -> None:
    """Be one of the few that ask a node in trouble. `kind`: `READS`, or `WRITES` to be confirmed.

    A silent node keeps whoever asks it for as long as a time-out takes. The same goes for a node
    that has refused connections for a while or is slow, and for writes that nobody confirms.

    Raises:
        StoreUnavailable: enough others are trying.
    """
    trouble = pool.lasting_trouble() or (pool.trouble_of_writes if kind == WRITES else "")
    if trouble:
        patience.take_a_seat(trouble, pool.name)
    elif pool.slowness[kind].is_slow:
        patience.take_a_seat(_SLOW, pool.name, Reason.SLOW)


def _replies(pool: NodePool, packet: bytes, count: int, patience: Patience) -> list[Any]:
    try:
        connection = pool.acquire(patience.remaining())
        try:
            replies = connection.exchange(packet, count)
        finally:
            pool.release(connection)
    except ConnectionBroken as error:
        pool.note_trouble(str(error), was_silent=error.was_silent)
        pool.close_idle()
        raise NotNow(str(error), refresh=True) from error
    counters.round_trips += 1
    pool.quiet_since = time.monotonic()
    pool.trouble = ""
    return replies
