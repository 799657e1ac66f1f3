"""Whether the cluster can serve now, in words for an operator."""

from __future__ import annotations

import time
from typing import Any

from redis.exceptions import RedisError

from oidc.errors import StoreUnavailable
from oidc.stores.redis.cluster import cluster

SLOTS = 16384
_REFRESH_SECONDS = 1.0


def check_cluster() -> None:
    """Ask every master that is known, each once, and no longer than a time-out.

    Raises:
        StoreUnavailable: no node answers, a master does not, or slots have no master.
    """
    commands = cluster().commands()  # waits by itself for one that was never reached
    try:
        _check_masters(commands)
    except StoreUnavailable:
        # Others may have taken over since somebody asked the last time.
        cluster().topology.refresh().wait(_REFRESH_SECONDS)
        _check_masters(commands)


def _check_masters(commands: Any) -> None:  # its type misses annotations
    covered = sum(1 for nodes in commands.nodes_manager.slots_cache.values() if nodes)
    if covered < SLOTS:
        raise StoreUnavailable(f"{SLOTS - covered} of {SLOTS} slots have no master")
    for node in commands.get_primaries():
        state = _state_of(commands, node)
        if state != "ok":
            raise StoreUnavailable(f"{node.name}: cluster_state is {state}")


def replicas_missing() -> list[str]:
    """Return the masters that no replica follows, by address; none in a cluster without any."""
    commands: Any = cluster().commands()
    followed = {node.name: _connected_replicas(commands, node) for node in commands.get_primaries()}
    if not any(followed.values()):
        return []
    return sorted(name for name, replicas in followed.items() if not replicas)


def clock_difference_seconds() -> float:
    """Return how far the clock of a node is from ours, at most: the worst of all masters.

    Raises:
        StoreUnavailable: a master does not answer.
    """
    commands: Any = cluster().commands()
    try:
        return max(_difference(commands, node) for node in commands.get_primaries())
    except RedisError as error:
        raise StoreUnavailable(f"a master does not answer: {type(error).__name__}") from error


def _directly(commands: Any, node: Any) -> Any:
    """Return redis-py's client of one node. It fails at once: whoever probes has no patience."""
    return commands.get_redis_connection(node)


def _difference(commands: Any, node: Any) -> float:
    before = time.time()
    seconds, microseconds = _directly(commands, node).time()
    middle = (before + time.time()) / 2
    return abs(float(seconds) + float(microseconds) / 1_000_000 - middle)


def _connected_replicas(commands: Any, node: Any) -> int:
    try:
        return int(_directly(commands, node).info("replication")["connected_slaves"])
    except RedisError as error:
        raise StoreUnavailable(f"{node.name} does not answer: {type(error).__name__}") from error


def _state_of(commands: Any, node: Any) -> str:
    try:
        return str(_directly(commands, node).execute_command("CLUSTER INFO")["cluster_state"])
    except RedisError as error:
        raise StoreUnavailable(f"{node.name} does not answer: {type(error).__name__}") from error
