"""redis-py's own client of the same cluster, with our deadline and our error: for the cache."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from redis.cluster import ClusterNode, RedisCluster
from redis.crc import key_slot
from redis.exceptions import (
    ClusterDownError,
    ConnectionError,
    OutOfMemoryError,
    RedisClusterException,
    RedisError,
    TimeoutError,
)

from oidc.stores.redis.connection import OPTIONS
from oidc.stores.redis.counters import counters
from oidc.stores.redis.exchange import beware
from oidc.stores.redis.outage import ANYWHERE
from oidc.stores.redis.pool import READS
from oidc.stores.redis.slots import Place
from oidc.stores.redis.unavailable import Reason, unavailable

if TYPE_CHECKING:
    from oidc.stores.redis.runner import Cluster

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


class Commands:
    """The client of one cluster, and what tells it where the masters are.

    `last_error`: why it could not be told.
    """

    def __init__(self, options: dict[str, Any], owner: Cluster) -> None:
        self._options, self._owner = options, owner
        self._looking = threading.Lock()
        self.client: CommandCluster | None = None
        self.last_error = ""

    def follow(self) -> None:
        """Look at the nodes in the background, if others are masters now, or it never could."""
        if not self._is_up_to_date() and self._looking.acquire(blocking=False):
            threading.Thread(target=self._look, name="commands", daemon=True).start()

    def _is_up_to_date(self) -> bool:
        if self.client is None:
            return False
        client: Any = self.client
        known = {node.name for node in client.get_primaries()}
        return known == {place.name for place in self._owner.topology.masters}

    def _look(self) -> None:
        """Ask nodes one after the other, however long those take that are silent."""
        places = self._owner.topology.masters
        try:
            if self.client is None:
                self.client = self._connect(places)
            else:
                manager: Any = self.client.nodes_manager
                manager.initialize(additional_startup_nodes_info=places)
        except (RedisError, RedisClusterException, OSError) as error:
            self.last_error = type(error).__name__
        finally:
            self._looking.release()

    def _connect(self, places: list[Place]) -> CommandCluster:
        untyped: Any = CommandCluster
        connected: CommandCluster = untyped(
            startup_nodes=[ClusterNode(*place) for place in places],
            require_full_coverage=False,
            **(OPTIONS | self._options),
        )
        connected.owner = self._owner
        return connected

    def close(self) -> None:
        if self.client is not None:
            self.client.close()
