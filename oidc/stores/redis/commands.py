"""redis-py's own client of the same cluster, with our deadline and our error: for the cache."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from redis.backoff import NoBackoff
from redis.cluster import ClusterNode, RedisCluster
from redis.crc import key_slot
from redis.exceptions import (
    ClusterDownError,
    ConnectionError,
    OutOfMemoryError,
    RedisClusterException,
    TimeoutError,
)
from redis.retry import Retry

from oidc.stores.redis.counters import counters
from oidc.stores.redis.exchange import beware
from oidc.stores.redis.outage import ANYWHERE
from oidc.stores.redis.pool import READS
from oidc.stores.redis.unavailable import Reason, unavailable

if TYPE_CHECKING:
    from oidc.stores.redis.runner import Cluster

SOCKET_TIMEOUT_SECONDS = 0.5
"""The longest silence of a node: short enough to leave a hung master in time."""

_OPTIONS = {
    # Protocol 3 would bring messages that no command asked for.
    "protocol": 2,
    "driver_info": None,
    "socket_timeout": SOCKET_TIMEOUT_SECONDS,
    "socket_connect_timeout": SOCKET_TIMEOUT_SECONDS,
}

_PASSING_ERRORS = (ConnectionError, TimeoutError, ClusterDownError, RedisClusterException)


class CommandCluster(RedisCluster):
    """Commands outside of scripts: tried again until the deadline, then `StoreUnavailable`."""

    owner: Cluster | None = None
    """None while it is being built: its own questions to the cluster fail at once."""

    def execute_command(self, *args: Any, **kwargs: Any) -> Any:
        return self._patiently(super().execute_command, *args, **kwargs)

    def mget_nonatomic(self, keys: Any, *args: Any) -> Any:
        return self._patiently(super().mget_nonatomic, keys, *args)

    # redis-py sends these two through a pipeline, for which our deadline would not hold.

    def delete(self, *names: Any) -> Any:
        return sum(self.execute_command("DEL", name) for name in names)

    def exists(self, *names: Any) -> Any:
        return sum(self.execute_command("EXISTS", name) for name in names)

    def _patiently(self, call: Any, *args: Any, **kwargs: Any) -> Any:
        if self.owner is None:
            return call(*args, **kwargs)
        slot = _slot_of(args)
        with self.owner.new_patience() as patience:
            while True:
                pool = None if slot == ANYWHERE else self.owner.topology.pool_of_slot(slot)
                if pool is not None:
                    beware(pool, READS, patience)
                counters.round_trips += 1
                started = time.monotonic()
                try:
                    reply = call(*args, **kwargs)
                    if pool is not None:
                        pool.slowness[READS].note(time.monotonic() - started)
                    return reply
                except _PASSING_ERRORS as error:
                    self.owner.wait(patience, type(error).__name__, refresh=True, slot=slot)
                except OutOfMemoryError as error:
                    raise unavailable(Reason.NO_WRITES, "a node takes no writes: OOM") from error


def _slot_of(args: tuple[Any, ...]) -> int:
    """Return the slot of a command about one key."""
    return key_slot(args[1].encode()) if len(args) > 1 and isinstance(args[1], str) else ANYWHERE


def connector(
    options: dict[str, Any], owner: Cluster
) -> Callable[[list[ClusterNode]], CommandCluster]:
    """Return what connects to a cluster, given its seeds."""

    def connect(seeds: list[ClusterNode]) -> CommandCluster:
        untyped: Any = CommandCluster
        connected: CommandCluster = untyped(
            startup_nodes=seeds,
            require_full_coverage=False,
            retry=Retry(NoBackoff(), 0),
            **(_OPTIONS | options),
        )
        connected.owner = owner
        return connected

    return connect
