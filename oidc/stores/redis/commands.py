"""redis-py's own client of the same cluster, with our deadline and our error: for the cache."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import structlog
from redis.cluster import ClusterNode, RedisCluster
from redis.crc import key_slot
from redis.exceptions import (
    ClusterDownError,
    ConnectionError,
    OutOfMemoryError,
    RedisClusterException,
    TimeoutError,
)

from oidc.stores.redis.connection import OPTIONS
from oidc.stores.redis.counters import counters
from oidc.stores.redis.exchange import beware
from oidc.stores.redis.outage import ANYWHERE
from oidc.stores.redis.pool import READS
from oidc.stores.redis.slots import Place, Range
from oidc.stores.redis.unavailable import Reason, unavailable

if TYPE_CHECKING:
    from oidc.stores.redis.runner import Cluster

log = structlog.get_logger(__name__)

_PASSING_ERRORS = (ConnectionError, TimeoutError, ClusterDownError, RedisClusterException)


class CommandCluster(RedisCluster):
    """Commands outside of scripts: tried again until the deadline, then `StoreUnavailable`."""

    owner: Cluster | None = None
    """None while it is being built: its own questions to the cluster fail at once."""
    has_failed = False
    """Since it was told the last time who holds which slots: it may know better then."""

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
                    self.has_failed = True
                    self.owner.wait(patience, type(error).__name__, refresh=True, slot=slot)
                except OutOfMemoryError as error:
                    raise unavailable(Reason.NO_WRITES, "a node takes no writes: OOM") from error


def _slot_of(args: tuple[Any, ...]) -> int:
    """Return the slot of a command about one key."""
    return key_slot(args[1].encode()) if len(args) > 1 and isinstance(args[1], str) else ANYWHERE


class Commands:
    """The client of one cluster, and what tells it who holds which slots.

    `last_error`: why it could not be told; empty once it was.
    """

    def __init__(self, options: dict[str, Any], owner: Cluster) -> None:
        self._options, self._owner = options, owner
        self._looking = threading.Lock()
        self._told: tuple[Range, ...] = ()
        self.client: CommandCluster | None = None
        self.last_error = ""

    def follow(self) -> None:
        """Let the client ask the nodes, in the background, if it may not know what they say now."""
        if self._is_up_to_date() or not self._looking.acquire(blocking=False):
            return
        try:
            threading.Thread(target=self._look, name="commands", daemon=True).start()
        except RuntimeError as error:  # the system has no threads left: the next one tries again
            self._looking.release()
            self._note(str(error))

    def _is_up_to_date(self) -> bool:
        is_told = self._told == self._owner.topology.ranges
        return is_told and self.client is not None and not self.client.has_failed

    def _look(self) -> None:
        """Ask nodes one after the other, however long those take that are silent."""
        try:
            while not self._is_up_to_date():
                ranges = self._owner.topology.ranges
                self._ask(self._owner.topology.masters)
                self._told = ranges
            self._note("")
        except Exception as error:  # nobody else hears of it; callers are told the reason
            self._note(f"{type(error).__name__}: {error}")
        finally:
            self._looking.release()

    def _ask(self, masters: list[Place]) -> None:
        if self.client is None:
            self.client = self._connect(masters)
            return
        manager: Any = self.client.nodes_manager
        self.client.has_failed = False
        manager.initialize(additional_startup_nodes_info=masters)

    def _note(self, trouble: str) -> None:
        if trouble and not self.last_error:
            log.warning("cache_unavailable", reason=trouble)
        elif self.last_error and not trouble:
            log.info("cache_available")
        self.last_error = trouble

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
