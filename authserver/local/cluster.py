"""The local Redis Cluster: several nodes on one machine, each with its own folder.

`LocalCluster` keeps no state of its own beside what lies in its directory, so that one process may
start a cluster and another stop it, and nodes that outlived a crash of their supervisor are taken
over instead of started twice.
"""

from __future__ import annotations

import os
import shutil
import time
from collections import deque
from pathlib import Path

from authserver.local import formation
from authserver.local.description import Description
from authserver.local.node import Node, NodeFailed, node_settings
from authserver.local.ports import busy_cluster_ports, free_base_port
from authserver.local.server_binary import find_server_binary
from authserver.local.status import ClusterStatus, ask_nodes

DEFAULT_MASTERS, DEFAULT_REPLICAS = 3, 1
DEFAULT_BASE_PORT = 7400
_RESTART_LIMIT, _RESTART_WINDOW_SECONDS = 5, 30.0


class ClusterError(Exception):
    """The cluster cannot be what was asked for. The text says what to do."""


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
        self._requested = (masters, replicas)
        self._requested_base_port = base_port
        self._settings = node_settings(appendonly=appendonly, node_timeout_ms=node_timeout_ms)
        self._end_with_parent = end_with_parent
        self._restarts: dict[str, deque[float]] = {}
        there = Description.find(self.directory)
        self._is_formed = there is not None
        self._server = Path(there.server) if there and there.server else None
        if there is not None:
            masters, replicas, base_port = there.masters, there.replicas, there.base_port
        self.masters = DEFAULT_MASTERS if masters is None else masters
        self.replicas = DEFAULT_REPLICAS if replicas is None else replicas
        self._nodes = self._place_nodes(base_port or DEFAULT_BASE_PORT)

    # --- What there is ----------------------------------------------------------------------

    @property
    def url(self) -> str:
        """Every node as a seed, as `REDIS_URL` wants it."""
        return ",".join(f"redis://{node.host}:{node.port}" for node in self._nodes)

    def nodes(self) -> list[Node]:
        """Return all nodes, masters of the first start first."""
        return list(self._nodes)

    def status(self) -> ClusterStatus:
        """Ask every node."""
        return ask_nodes(self._nodes, self.url)

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
            self._choose_ports()
        for node in sleeping:
            self._launch_node(node)

    def wait_until_ready(self) -> None:
        """Finish what `launch` began. Masters take 2 s to trust each other after any start."""
        for node in self._nodes:
            node.wait_until_ready()
        if not self._is_formed:
            formation.form(self._nodes, self.masters)
        else:
            formation.introduce(self._nodes)  # their ports may have changed since
        self._describe()
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
        if self._server is None or "REDIS_SERVER" in os.environ or not self._server.exists():
            self._server = find_server_binary()
        node.start(self._server, self._settings, end_with_parent=self._end_with_parent)

    def _place_nodes(self, base_port: int) -> list[Node]:
        count = self.masters * (1 + self.replicas)
        return [Node(self.directory / f"node-{n + 1}", base_port + n) for n in range(count)]

    def _check_shape(self) -> None:
        there = (self.masters, self.replicas)
        for requested, count in zip(self._requested, there, strict=True):
            if requested not in (None, count):
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

    def _choose_ports(self) -> None:
        """Move all nodes to other ports if one of theirs is taken."""
        busy = busy_cluster_ports(self._nodes[0].port, len(self._nodes))
        if not busy:
            return
        if self._requested_base_port is not None:
            raise ClusterError(
                f"port {busy[0]} is in use by another program, so the local Redis Cluster cannot "
                f"start. Choose another base port."
            )
        base_port = free_base_port(len(self._nodes))
        for offset, node in enumerate(self._nodes):
            node.port = base_port + offset

    def _describe(self) -> None:
        base_port = self._nodes[0].port
        server = str(self._server or "")
        Description(self.url, self.masters, self.replicas, base_port, server).write(self.directory)
        self._is_formed = True

    def _note_restart(self, node: Node) -> None:
        now = time.monotonic()
        restarts = self._restarts.setdefault(node.name, deque(maxlen=_RESTART_LIMIT))
        if len(restarts) == _RESTART_LIMIT and now - restarts[0] < _RESTART_WINDOW_SECONDS:
            raise ClusterError(f"{node.name} keeps dying. See {node.log_path}")
        restarts.append(now)
