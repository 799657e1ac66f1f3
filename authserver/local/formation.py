"""Makes a cluster out of empty nodes.

Spec: Redis Cluster specification. The order matters: each node gets its own epoch before it hears
of the others, so that no two masters ever claim a slot at the same epoch; slots are handed out
before the nodes meet, so that the first gossip already carries the final map.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from redis.exceptions import RedisError, ResponseError

from authserver.local.node import Node
from authserver.local.ports import BUS_OFFSET

SLOTS = 16_384
READY_SECONDS = 20.0
_POLL_SECONDS = 0.02


class ClusterNotReady(Exception):
    """The nodes run, but did not become a working cluster in time."""


def form(nodes: Sequence[Node], masters: int) -> None:
    """Give the first `masters` nodes all slots, and each of them its share of the others."""
    for epoch, node in enumerate(nodes, start=1):
        node.cluster("SET-CONFIG-EPOCH", epoch)
    for index, node in enumerate(nodes[:masters]):
        first, end = index * SLOTS // masters, (index + 1) * SLOTS // masters
        node.cluster("ADDSLOTSRANGE", first, end - 1)
    introduce(nodes)
    for index, replica in enumerate(nodes[masters:]):
        _replicate(replica, nodes[index % masters])


def introduce(nodes: Sequence[Node]) -> None:
    """Let every node know every other, at the address that it has now."""
    for node in nodes:
        for other in nodes:
            if other is not node:
                node.cluster("MEET", other.host, other.port, other.port + BUS_OFFSET)


def wait_until_ready(nodes: Sequence[Node]) -> None:
    """Wait until every node sees a working cluster and every replica follows its master."""
    _wait(lambda: all(_is_ready(node, len(nodes)) for node in nodes), "not all nodes agree")


def _replicate(replica: Node, master: Node) -> None:
    master_id = master.cluster("MYID")

    def accepted() -> bool:
        try:
            replica.cluster("REPLICATE", master_id)
        except ResponseError:  # gossip has not told it about its master yet
            return False
        return True

    _wait(accepted, f"{replica.name} did not hear of {master.name}")


def _is_ready(node: Node, known_nodes: int) -> bool:
    try:
        cluster = node.cluster("INFO")
        replication = node.client().info("replication")
    except RedisError:
        return False
    in_order = (
        cluster["cluster_state"] == "ok" and int(cluster["cluster_known_nodes"]) == known_nodes
    )
    return in_order and replication.get("master_link_status", "up") == "up"


def _wait(condition: Callable[[], bool], problem: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise ClusterNotReady(f"the local cluster is not ready: {problem}")
        time.sleep(_POLL_SECONDS)
