"""Whether the cluster can serve now, in words for an operator."""

from __future__ import annotations

from typing import Any

from redis.exceptions import RedisError

from oidc.errors import StoreUnavailable
from oidc.stores.redis.cluster import cluster

SLOTS = 16384


def check_cluster() -> None:
    """Ask every master that is known.

    Raises:
        StoreUnavailable: no node answers, a master does not, or slots have no master.
    """
    commands: Any = cluster().commands()  # its type misses annotations
    covered = sum(1 for nodes in commands.nodes_manager.slots_cache.values() if nodes)
    if covered < SLOTS:
        raise StoreUnavailable(f"{SLOTS - covered} of {SLOTS} slots have no master")
    for node in commands.get_primaries():
        state = _state_of(commands, node)
        if state != "ok":
            raise StoreUnavailable(f"{node.name}: cluster_state is {state}")


def _state_of(commands: Any, node: Any) -> str:
    try:
        return str(commands.cluster_info(target_nodes=node)["cluster_state"])
    except RedisError as error:
        raise StoreUnavailable(f"{node.name} does not answer: {type(error).__name__}") from error
