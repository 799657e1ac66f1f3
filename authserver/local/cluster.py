"""The local Redis Cluster: several nodes on one machine, each with its own folder.

`LocalCluster` keeps no state of its own beside what lies in its directory, so that one process may
start a cluster and another stop it, and nodes that outlived a crash of their supervisor are taken
over instead of started twice.
"""

from __future__ import annotations

import json
import shutil
import time
from collections import deque
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from authserver.local import formation
from authserver.local.node import Node, NodeFailed
from authserver.local.ports import HOST, busy_cluster_ports, free_base_port
from authserver.local.server_binary import find_server_binary

DEFAULT_MASTERS, DEFAULT_REPLICAS = 3, 1
DEFAULT_BASE_PORT = 7400
_RESTART_LIMIT, _RESTART_WINDOW_SECONDS = 5, 30.0


class ClusterError(Exception):
    """The cluster cannot be what was asked for. The text says what to do."""


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


class LocalCluster:
    """A cluster under one directory.

    `masters`, and `replicas` of each: what a new cluster gets (3 and 1); None: whatever is there.
    `base_port`: the first node's port, the others follow; None: 7400, or other ports if something
    else listens there. A cluster that exists already keeps its ports while they are free.
    `end_with_parent`: nodes end if the process that started them dies, however it dies.
    """

    def __init__(
        self,
        directory: Path | str,
        masters: int | None = None,
        replicas: int | None = None,
        base_port: int | None = None,
        appendonly: bool = True,
        node_timeout_ms: int = 2000,
        end_with_parent: bool = False,
    ) -> None:
        self.directory = Path(directory).resolve()
        self._requested = {"masters": masters, "replicas": replicas}
        there = self._description()
        self.masters: int = there.get("masters", DEFAULT_MASTERS if masters is None else masters)
        self.replicas: int = there.get(
            "replicas", DEFAULT_REPLICAS if replicas is None else replicas
        )
        self._settings = _node_settings(appendonly, node_timeout_ms)
        self._end_with_parent = end_with_parent
        self._requested_base_port = base_port
        self._have_moved = False
        self._restarts: dict[str, deque[float]] = {}
        self._nodes = self._place_nodes(
            self._recorded_base_port() or base_port or DEFAULT_BASE_PORT
        )

    # --- What there is ----------------------------------------------------------------------

    @property
    def url(self) -> str:
        """Every node as a seed, as `REDIS_URL` wants it."""
        return ",".join(f"redis://{HOST}:{node.port}" for node in self._nodes)

    def nodes(self) -> list[Node]:
        """Return all nodes, masters of the first start first."""
        return list(self._nodes)

    def status(self) -> ClusterStatus:
        """Ask every node."""
        nodes = tuple(_node_status(node) for node in self._nodes)
        alive = [node for node in self._nodes if node.answers()]
        states = {str(node.cluster("INFO")["cluster_state"]) for node in alive}
        state = "stopped" if not alive else "ok" if states == {"ok"} else "fail"
        return ClusterStatus(state, self.url, nodes)

    # --- Start and stop ---------------------------------------------------------------------

    def start(self) -> None:
        """Bring the cluster up, with the data that it had; returns when it is ready.

        Raises:
            ClusterError: another number of nodes lies in the directory, or a port is taken.
            NodeFailed, ClusterNotReady, NoServerBinary: as their names say.
        """
        self.launch()
        self.wait_until_ready()

    def launch(self) -> None:
        """Start the processes. From here on `url` is final; the cluster is not ready yet."""
        self._check_shape()
        if not self._is_formed:
            self._clear_unfinished()
        sleeping = [node for node in self._nodes if node.pid() is None]
        if len(sleeping) == len(self._nodes):
            self._have_moved = self._choose_ports()
        for node in sleeping:
            self._launch_node(node)

    def wait_until_ready(self) -> None:
        """Finish what `launch` began. Masters take 2 s to trust each other after any start."""
        for node in self._nodes:
            node.wait_until_ready()
        if not self._is_formed:
            formation.form(self._nodes, self.masters)
        elif self._have_moved:
            formation.introduce(self._nodes)
        self._write_description()
        formation.wait_until_ready(self._nodes)

    def stop(self) -> None:
        """Stop every node that is ours; their data stays."""
        for node in self._nodes:
            node.stop()
        for node in self._nodes:
            node.wait_until_stopped()

    def kill(self, node: Node) -> None:
        """End a node as a crash would."""
        node.kill()

    def restart(self, node: Node) -> None:
        """Start a node again and wait until it answers."""
        if node.pid() is None:
            self._launch_node(node)
        node.wait_until_ready()

    def restart_dead_nodes(self) -> list[Node]:
        """Start every node that died; returns them. For a supervisor's loop.

        A node that comes back before the others gave it up is still master of its slots.

        Raises:
            ClusterError: one of them dies again and again.
        """
        dead = [node for node in self._nodes if node.pid() is None]
        for node in dead:
            self._note_restart(node)
            self._launch_node(node)
        for node in dead:
            try:
                node.wait_until_ready()
            except NodeFailed:
                continue  # the next round tries again, until the limit
        return dead

    # --- Inside -----------------------------------------------------------------------------

    def _launch_node(self, node: Node) -> None:
        node.start(find_server_binary(), self._settings, end_with_parent=self._end_with_parent)

    @property
    def _is_formed(self) -> bool:
        return self._description_path.exists()

    @property
    def _description_path(self) -> Path:
        return self.directory / "cluster.json"

    def _description(self) -> dict[str, Any]:
        try:
            description: dict[str, Any] = json.loads(self._description_path.read_text())
        except FileNotFoundError:
            return {}
        return description

    def _recorded_base_port(self) -> int | None:
        nodes = self._description().get("nodes")
        return int(nodes[0]["port"]) if nodes else None

    def _place_nodes(self, base_port: int) -> list[Node]:
        count = self.masters * (1 + self.replicas)
        return [Node(self.directory / f"node-{n + 1}", base_port + n) for n in range(count)]

    def _check_shape(self) -> None:
        there = {"masters": self.masters, "replicas": self.replicas}
        if any(self._requested[name] not in (None, count) for name, count in there.items()):
            raise ClusterError(
                f"{self.directory} holds a cluster of {self.masters} masters with "
                f"{self.replicas} replicas each. Remove that folder to make another one."
            )

    def _clear_unfinished(self) -> None:
        """Remove what a start that was interrupted before the cluster was formed left behind."""
        self.stop()
        for node in self._nodes:
            shutil.rmtree(node.directory, ignore_errors=True)
        self.directory.mkdir(parents=True, exist_ok=True)

    def _choose_ports(self) -> bool:
        """Move all nodes to other ports if theirs are taken. Returns whether they moved."""
        busy = busy_cluster_ports(self._nodes[0].port, len(self._nodes))
        if not busy:
            return False
        if self._requested_base_port is not None:
            raise ClusterError(
                f"port {busy[0]} is in use by another program, so the local Redis Cluster cannot "
                f"start. Choose another base port."
            )
        base_port = free_base_port(len(self._nodes))
        for offset, node in enumerate(self._nodes):
            node.port = base_port + offset
        return True

    def _write_description(self) -> None:
        """Tell settings and people where the cluster is; the file appears whole or not at all."""
        description = {
            "url": self.url,
            "masters": self.masters,
            "replicas": self.replicas,
            "nodes": [{"name": node.name, "port": node.port} for node in self._nodes],
        }
        unfinished = self._description_path.with_suffix(".tmp")
        unfinished.write_text(json.dumps(description, indent=2) + "\n")
        unfinished.replace(self._description_path)

    def _note_restart(self, node: Node) -> None:
        now = time.monotonic()
        restarts = self._restarts.setdefault(node.name, deque(maxlen=_RESTART_LIMIT))
        if len(restarts) == _RESTART_LIMIT and now - restarts[0] < _RESTART_WINDOW_SECONDS:
            raise ClusterError(f"{node.name} keeps dying. See {node.log_path}")
        restarts.append(now)


def _node_settings(appendonly: bool, node_timeout_ms: int) -> dict[str, str]:
    return {
        "cluster-enabled": "yes",
        "cluster-config-file": "nodes.conf",
        "cluster-node-timeout": str(node_timeout_ms),
        "cluster-announce-ip": HOST,
        # As in production: one lost slot does not stop the others, a node that is cut off does
        # not answer, a replica that is far behind does not take over.
        "cluster-require-full-coverage": "no",
        "cluster-allow-reads-when-down": "no",
        "cluster-replica-validity-factor": "2",
        "cluster-allow-replica-migration": "no",
        "repl-diskless-sync-delay": "0",
        "repl-backlog-size": "16mb",
        "appendonly": "yes" if appendonly else "no",
        "save": '""',
        "maxmemory-policy": "noeviction",
        "shutdown-timeout": "1",
    }


def _node_status(node: Node) -> NodeStatus:
    if not node.answers():
        return NodeStatus(node.name, node.port, node.pid(), "", 0)
    role = "replica" if node.client().info("replication")["role"] == "slave" else "master"
    return NodeStatus(node.name, node.port, node.pid(), role, int(node.client().dbsize()))
