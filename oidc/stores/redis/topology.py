"""Which node holds which slot, and how to find out again.

redis-py's `RedisCluster` keeps the map. It is loaded and refreshed in a thread of its own, one at
a time: callers wait for it only as long as their own deadline allows, however many nodes are
silent.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import structlog
from redis.cluster import ClusterNode
from redis.exceptions import MovedError, RedisClusterException, RedisError

from oidc.metrics import TOPOLOGY_CHANGES
from oidc.stores.redis.address import Address
from oidc.stores.redis.commands import CommandCluster
from oidc.stores.redis.connection import NodeConnection
from oidc.stores.redis.pool import NodePool

log = structlog.get_logger(__name__)

_REDIRECTED_REFRESH_SECONDS = 1.0
_UNASKED_REFRESH_SECONDS = 5.0


class Topology:
    """The map of slots, and a pool of connections to each node in it."""

    def __init__(self, address: Address, connect: Callable[[list[ClusterNode]], CommandCluster]):
        self._address = address
        self._connect = connect
        self._pools: dict[str, NodePool] = {}
        self._masters: frozenset[str] = frozenset()
        self._lock = threading.Lock()
        self._refreshed: threading.Event | None = None
        self._refreshed_at = 0.0
        self.cluster: CommandCluster | None = None
        self.has_replicas = False
        self.last_error = ""

    def pool_of_slot(self, slot: int) -> NodePool | None:
        """Return the pool of the slot's master; None while nobody knows it."""
        if self.cluster is None:
            return None
        nodes: list[ClusterNode] | None = self.cluster.nodes_manager.slots_cache.get(slot)
        return self._pool(nodes[0]) if nodes else None

    def node_of_slot(self, slot: int) -> str:
        """Return the address of the slot's master; empty while nobody knows it."""
        pool = self.pool_of_slot(slot)
        return pool.name if pool else ""

    def replicas_of_slot(self, slot: int) -> int:
        """Return how many replicas its master has that the cluster has not given up."""
        nodes = self.cluster.nodes_manager.slots_cache.get(slot) if self.cluster else None
        return len(nodes) - 1 if nodes else 0

    def pool_of_redirect(self, redirect: str) -> NodePool:
        """Return the pool of the node that an `ASK` answer names, `<slot> <host>:<port>`."""
        host, _, port = redirect.partition(" ")[2].rpartition(":")
        manager: Any = self.cluster.nodes_manager if self.cluster else None
        return self._pool(manager.get_node(host, int(port)) or ClusterNode(host, int(port)))

    def _pool(self, node: ClusterNode) -> NodePool:
        pool = self._pools.get(node.name)
        if pool is None:
            manager: Any = self.cluster.nodes_manager if self.cluster else None
            manager.create_redis_connections([node])  # unless it has them
            connections: Any = node.redis_connection.connection_pool

            def make() -> NodeConnection:
                return NodeConnection(connections.connection_class(**connections.connection_kwargs))

            pool = self._pools.setdefault(node.name, NodePool(node.name, make))
        return pool

    def move_slot(self, redirect: str) -> None:
        """Follow a `MOVED` answer, `<slot> <host>:<port>`, and look at the whole map soon."""
        manager: Any = self.cluster.nodes_manager if self.cluster else None
        moved = MovedError(redirect)
        if manager is None or moved.slot_id not in manager.slots_cache:
            self.refresh()
            return
        manager.move_slot(moved)
        self.refresh_now_and_then(_REDIRECTED_REFRESH_SECONDS)

    def refresh_now_and_then(self, seconds: float = _UNASKED_REFRESH_SECONDS) -> None:
        """Ask the cluster again if the last time was so long ago; wait for nothing."""
        if time.monotonic() - self._refreshed_at > seconds:
            self.refresh()

    def refresh(self) -> threading.Event:
        """Ask the cluster again, in the background. Returns what is set when it has answered."""
        with self._lock:
            if self._refreshed is None:
                self._refreshed = threading.Event()
                threading.Thread(
                    target=self._refresh, args=(self._refreshed,), name="topology", daemon=True
                ).start()
            return self._refreshed

    def _refresh(self, done: threading.Event) -> None:
        try:
            self._load()
            self._note_change()
        except (RedisError, RedisClusterException, OSError, IndexError) as error:
            # IndexError: how redis-py meets nodes that hold no slots yet.
            self.last_error = type(error).__name__
        finally:
            self._refreshed_at = time.monotonic()
            with self._lock:
                self._refreshed = None
            done.set()

    def _load(self) -> None:
        """Ask the nodes known so far; if all of them are gone, whoever the seeds stand for now."""
        if self.cluster is None:
            self.cluster = self._connect([ClusterNode(*seed) for seed in self._address.seeds])
        else:
            manager: Any = self.cluster.nodes_manager
            manager.initialize(additional_startup_nodes_info=list(self._address.seeds))

    def _note_change(self) -> None:
        nodes = list(self.cluster.nodes_manager.nodes_cache.values()) if self.cluster else []
        masters = frozenset(node.name for node in nodes if node.server_type == "primary")
        # Once seen, replicas stay required: losing them must not make the store forgetful.
        self.has_replicas = self.has_replicas or len(masters) < len(nodes)
        for name in self._pools.keys() - {node.name for node in nodes}:
            self._pools.pop(name).close_idle()
        if masters != self._masters:
            TOPOLOGY_CHANGES.inc()
            log.info("topology_changed", masters=sorted(masters), nodes=len(nodes))
            self._masters = masters

    def close(self) -> None:
        """Close every connection that is not in use."""
        for pool in list(self._pools.values()):
            pool.close_idle()
        if self.cluster is not None:
            self.cluster.close()
