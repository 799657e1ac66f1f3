"""What the local cluster says about itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from authserver.local.node import Node


@dataclass(frozen=True)
class NodeStatus:
    """What one node says about itself. `role`: `master`, `replica`, or empty if it is down."""

    name: str
    port: int
    pid: int | None
    role: str
    keys: int


@dataclass(frozen=True)
class ClusterStatus:
    """`state`: `ok`, `fail`, or `stopped`."""

    state: str
    url: str
    nodes: tuple[NodeStatus, ...]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def ask_nodes(nodes: Sequence[Node], url: str) -> ClusterStatus:
    """Ask every node, and sum it up."""
    states = {str(node.cluster("INFO")["cluster_state"]) for node in nodes if node.answers()}
    state = "stopped" if not states else "ok" if states == {"ok"} else "fail"
    return ClusterStatus(state, url, tuple(_ask(node) for node in nodes))


def _ask(node: Node) -> NodeStatus:
    if not node.answers():
        return NodeStatus(node.name, node.port, node.pid(), "", 0)
    role = "replica" if node.client().info("replication")["role"] == "slave" else "master"
    return NodeStatus(node.name, node.port, node.pid(), role, int(node.client().dbsize()))
