"""Whether the cluster can serve now, in words for an operator."""

from __future__ import annotations

import time
from typing import Any

from oidc.errors import StoreUnavailable
from oidc.stores.redis.cluster import cluster
from oidc.stores.redis.connection import ConnectionBroken, ReplyError
from oidc.stores.redis.packets import packed
from oidc.stores.redis.slots import SLOTS, Place
from oidc.stores.redis.topology import Topology

_REFRESH_SECONDS = 1.0


def check_cluster() -> None:
    """Ask every master that is known, each once, and no longer than a time-out.

    Raises:
        StoreUnavailable: no node answers, a master does not, or slots have no master.
    """
    topology = cluster().known_topology()
    try:
        _check_masters(topology)
    except StoreUnavailable:
        # Others may have taken over since somebody asked the last time.
        topology.refresh().wait(_REFRESH_SECONDS)
        _check_masters(topology)


def _check_masters(topology: Topology) -> None:
    if missing := topology.slots_without_master():
        raise StoreUnavailable(f"{missing} of {SLOTS} slots have no master")
    for master in topology.masters:
        state = _info(topology, master, "CLUSTER", "INFO")["cluster_state"]
        if state != "ok":
            raise StoreUnavailable(f"{master.name}: cluster_state is {state}")


def replicas_missing() -> list[str]:
    """Return the masters that no replica follows, by address; none in a cluster without any.

    Raises:
        StoreUnavailable: a master does not answer.
    """
    topology = cluster().known_topology()
    followed = {
        master.name: int(_info(topology, master, "INFO", "replication")["connected_slaves"])
        for master in topology.masters
    }
    if not any(followed.values()):
        return []
    return sorted(name for name, replicas in followed.items() if not replicas)


def clock_difference_seconds() -> float:
    """Return how far the clock of a node is from ours, at most: the worst of all masters.

    Raises:
        StoreUnavailable: a master does not answer.
    """
    topology = cluster().known_topology()
    return max(_clock_difference(topology, master) for master in topology.masters)


def _clock_difference(topology: Topology, node: Place) -> float:
    before = time.time()
    seconds, microseconds = _ask(topology, node, "TIME")
    middle = (before + time.time()) / 2
    return abs(float(seconds) + float(microseconds) / 1_000_000 - middle)


def _info(topology: Topology, node: Place, *command: str) -> dict[str, str]:
    lines = _ask(topology, node, *command).splitlines()
    return {name: value for name, _, value in (line.partition(":") for line in lines)}


def _ask(topology: Topology, node: Place, *command: str) -> Any:
    """Ask a node on a connection of its own, once: whoever probes has no patience."""
    connection = topology.connect(node)
    try:
        [reply] = connection.exchange(packed(*command), 1)
    except ConnectionBroken as error:
        raise StoreUnavailable(f"{node.name} does not answer: {error}") from error
    finally:
        connection.close()
    if type(reply) is ReplyError:
        raise StoreUnavailable(f"{node.name} does not answer: {reply.code}")
    return reply
