"""Which node holds which slot, and how to find out again.

The map is read in a thread of its own, one at a time: callers wait for it only as long as their own
deadline allows, however many nodes are silent. While a node is away it is read again and again, so
reading it must cost next to nothing: ranges are kept, and nothing is done where they are the same.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable

import structlog

from oidc.metrics import TOPOLOGY_CHANGES
from oidc.stores.redis.connection import NodeConnection
from oidc.stores.redis.pool import NodePool
from oidc.stores.redis.slots import SLOTS, Place, Range, places_in, read_redirect
from oidc.stores.redis.survey import TROUBLE_SECONDS, Survey

log = structlog.get_logger(__name__)

_REDIRECTED_REFRESH_SECONDS = 1.0
_UNASKED_REFRESH_SECONDS = 5.0
_NOTHING_TO_WAIT_FOR = threading.Event()
_NOTHING_TO_WAIT_FOR.set()


class Shard:
    """Nodes that hold the same slots. `replicas`: that the cluster has not given up."""

    __slots__ = ("master", "replicas")

    def __init__(self, master: NodePool, replicas: frozenset[Place]) -> None:
        self.master, self.replicas = master, replicas


class Topology:
    """The map of slots, and a pool of connections to each master in it.

    `connect` makes a connection that opens when it is first used. `followers` are called each time
    the map was read, and have to be quick.
    """

    def __init__(
        self, seeds: Iterable[tuple[str, int]], connect: Callable[[Place], NodeConnection]
    ) -> None:
        self._survey = Survey(seeds, connect)
        self.connect = connect
        self._pools: dict[Place, NodePool] = {}
        self._shards: list[Shard | None] = [None] * SLOTS
        self._is_redirected = False
        self._lock = threading.Lock()
        self._refreshed: threading.Event | None = None
        self._refreshed_at = 0.0
        self.ranges: tuple[Range, ...] = ()
        self.nodes: frozenset[Place] = frozenset()
        self.followers: list[Callable[[], None]] = []
        self.has_replicas = False

    # --- What is known ------------------------------------------------------------------------

    @property
    def last_error(self) -> str:
        """Why the node that was asked last for the map did not give it."""
        return self._survey.last_error

    @property
    def masters(self) -> list[Place]:
        """Who holds slots, in a fixed order."""
        return sorted({one.master for one in self.ranges})

    def slots_without_master(self) -> int:
        return self._shards.count(None)

    def pool_of_slot(self, slot: int) -> NodePool | None:
        """Return the pool of the slot's master; None while nobody knows it."""
        shard = self._shards[slot]
        return shard.master if shard else None

    def node_of_slot(self, slot: int) -> str:
        """Return the address of the slot's master; empty while nobody knows it."""
        pool = self.pool_of_slot(slot)
        return pool.name if pool else ""

    def replicas_of_slot(self, slot: int) -> int:
        """Return how many replicas its master has that the cluster has not given up."""
        shard = self._shards[slot]
        return len(shard.replicas) if shard else 0

    # --- What a node says about one slot --------------------------------------------------------

    def pool_of_redirect(self, redirect: str, asked: NodePool) -> NodePool:
        """Return the pool of the node that an `ASK` answer names."""
        return self._pool(read_redirect(redirect, asked.place)[1])

    def move_slot(self, redirect: str, asked: NodePool) -> None:
        """Follow a `MOVED` answer, and look at the whole map soon."""
        slot, place = read_redirect(redirect, asked.place)
        shard = self._shards[slot]
        if shard is None:
            self.refresh()
            return
        if place in shard.replicas:  # it has taken over, and all slots with it
            shard.master = self._pool(place)
        elif place != shard.master.place:
            self._shards[slot] = self._shard_of(place) or Shard(self._pool(place), shard.replicas)
        self._is_redirected = True  # now, so that no map is believed that was read before
        self.refresh_now_and_then(_REDIRECTED_REFRESH_SECONDS)

    def _shard_of(self, master: Place) -> Shard | None:
        shards = (self._shards[one.first] for one in self.ranges)
        return next((shard for shard in shards if shard and shard.master.place == master), None)

    def _pool(self, place: Place) -> NodePool:
        pool = self._pools.get(place)
        if pool is None:
            made = NodePool(place, lambda: self.connect(place))
            pool = self._pools.setdefault(place, made)
        return pool

    # --- Asking for all of it -------------------------------------------------------------------

    def refresh_now_and_then(self, seconds: float = _UNASKED_REFRESH_SECONDS) -> None:
        """Ask the cluster again if the last time was so long ago; wait for nothing."""
        if time.monotonic() - self._refreshed_at > seconds:
            self.refresh()

    def refresh(self) -> threading.Event:
        """Ask the cluster again, in the background. Returns what is set when it has answered."""
        with self._lock:
            if self._refreshed is None:
                self._refreshed = threading.Event()
                self._start(self._refreshed)
            return self._refreshed or _NOTHING_TO_WAIT_FOR

    def _start(self, done: threading.Event) -> None:
        try:
            threading.Thread(
                target=self._refresh, args=(done,), name="topology", daemon=True
            ).start()
        except RuntimeError as error:  # the system has no threads left: the next one tries again
            self._survey.last_error = str(error)
            self._refreshed = None

    def _refresh(self, done: threading.Event) -> None:
        try:
            if ranges := self._survey.ask(self.nodes, self._is_in_trouble):
                self._learn(ranges)
                for follow in self.followers:
                    follow()
        except Exception as error:  # nobody else hears of it; callers are told the reason
            self._survey.last_error = f"{type(error).__name__}: {error}"
        finally:
            self._refreshed_at = time.monotonic()
            with self._lock:
                self._refreshed = None
            done.set()

    def _is_in_trouble(self, place: Place) -> bool:
        pool = self._pools.get(place)
        return bool(pool and pool.is_in_trouble_since(time.monotonic() - TROUBLE_SECONDS))

    def _learn(self, ranges: tuple[Range, ...]) -> None:
        if ranges == self.ranges and not self._is_redirected:
            return
        self._is_redirected = False
        shards: list[Shard | None] = [None] * SLOTS
        known: dict[Place, Shard] = {}
        for first, last, master, replicas in ranges:
            shard = known.setdefault(master, Shard(self._pool(master), frozenset(replicas)))
            shards[first : last + 1] = [shard] * (last + 1 - first)
        masters_before = self.masters
        self._shards, self.ranges = shards, ranges
        nodes = places_in(ranges)
        # Once seen, replicas stay required: losing them must not make the store forgetful.
        self.has_replicas = self.has_replicas or any(one.replicas for one in ranges)
        for place in self._pools.keys() - nodes:
            self._pools.pop(place).close_idle()
        if self.masters != masters_before:
            TOPOLOGY_CHANGES.inc()
            names = [place.name for place in self.masters]
            log.info("topology_changed", masters=names, nodes=len(nodes))
        self.nodes = nodes  # last: whoever sees them finds the rest

    def close(self) -> None:
        """Close every connection that is not in use."""
        for pool in list(self._pools.values()):
            pool.close_idle()
        self._survey.close()
