"""A cluster made to be damaged, and to be made whole again."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redis.exceptions import RedisError

from authserver.local import formation
from authserver.local.cluster import LocalCluster
from authserver.local.node import Node
from authserver.local.ports import HOST, free_base_port
from authserver.local.server_binary import find_server_binary
from tests.reliability.lab.waiting import await_that

_VALIDITY_SECONDS = 15


@dataclass(frozen=True)
class Shard:
    """Nodes that hold the same slots."""

    master: Node
    replicas: tuple[Node, ...]
    slots: tuple[int, ...]


class LabCluster(LocalCluster):
    """A local cluster that knows its shape at any moment. Ports for one more shard are free."""

    def __init__(
        self, directory: Path, masters: int, replicas: int, node_timeout_ms: int = 2000
    ) -> None:
        super().__init__(
            directory,
            masters,
            replicas,
            base_port=free_base_port((masters + 1) * (1 + replicas)),
            node_timeout_ms=node_timeout_ms,
            end_with_parent=True,
        )
        self.binary = find_server_binary()
        self._ids: dict[str, Node] = {}
        self.frozen: set[str] = set()
        # Replicas show themselves to clients only after they got a byte; do not wait 10 s for it.
        # How long a replica may have heard nothing and still take over depends on that period: it
        # stays as in production, or on a busy machine nobody might be left who may.
        validity = _VALIDITY_SECONDS * 1000 // node_timeout_ms
        self._settings |= {
            "repl-ping-replica-period": "1",
            "cluster-replica-validity-factor": str(validity),
        }

    def server_url(self, port: int) -> str:
        """Return what a server needs to reach the cluster through a port."""
        return f"redis://{HOST}:{port}"

    def operator_url(self) -> str:
        """Return what the operator's script needs: a node, and all rights."""
        return f"redis://{HOST}:{self.living_node().port}"

    def living_node(self) -> Node:
        return next(n for n in self._nodes if n.pid() is not None and n.name not in self.frozen)

    def settings_of(self, node: Node) -> dict[str, str]:
        """Return what a node is started with."""
        return self._settings

    def add_server(self, name: str) -> str:
        """Make room for a server of these nodes. Returns the host where it is to listen."""
        return "localhost"

    def inside_of(self, name: str) -> Sequence[str]:
        """Return what lets a command run where a node or a server of that name lives."""
        return ()

    def _launch_node(self, node: Node) -> None:
        node.start(
            self.binary,
            self.settings_of(node),
            end_with_parent=self._end_with_parent,
            inside=self.inside_of(node.name),
        )

    def start(self) -> None:
        super().start()
        self._learn_ids()
        await_that(self.is_whole, "the new cluster is not whole")

    def _learn_ids(self) -> None:
        self._ids = {node.cluster("MYID"): node for node in self._nodes}

    # --- Its shape --------------------------------------------------------------------------

    def shards(self) -> list[Shard]:
        """Return the shards as the living nodes see them, in the order of their slots."""
        entries = self._entries()
        known = [(self._ids[e["node_id"]], e) for e in entries if e["node_id"] in self._ids]
        shards = []
        for node, entry in known:
            slots = tuple(_slots_of(entry))
            if slots:
                replicas = [n for n, other in known if other["master_id"] == entry["node_id"]]
                shards.append(Shard(node, tuple(replicas), slots))
        return sorted(shards, key=lambda shard: min(shard.slots))

    def shard_of(self, node: Node) -> Shard:
        return next(s for s in self.shards() if node in (s.master, *s.replicas))

    def fail_overs(self) -> int:
        """Return how many elections there were so far, whoever caused them."""
        return max(int(node.cluster("INFO")["cluster_current_epoch"]) for node in self._nodes)

    def is_master(self, node: Node) -> bool:
        """Tell whether the living nodes take this one for the master of some slots."""
        return any(shard.master is node for shard in self.shards())

    def is_whole(self) -> bool:
        """Tell whether every node works, follows or is followed, and agrees on the cluster."""
        if self.frozen or any(node.pid() is None for node in self._nodes):
            return False
        try:
            return all(self._is_in_order(node) for node in self._nodes) and all(
                len(shard.replicas) == self.replicas for shard in self.shards()
            )
        except (RedisError, StopIteration, KeyError):
            return False

    def _is_in_order(self, node: Node) -> bool:
        cluster, replication = node.cluster("INFO"), node.client().info("replication")
        agreed = cluster["cluster_state"] == "ok"
        agreed = agreed and int(cluster["cluster_known_nodes"]) == len(self._nodes)
        if replication["role"] == "slave":
            return agreed and replication["master_link_status"] == "up"
        is_followed = int(replication["connected_slaves"]) == self.replicas
        return agreed and is_followed and int(cluster["cluster_slots_ok"]) == formation.SLOTS

    def _entries(self) -> list[dict[str, Any]]:
        """Return what one living node, one that still belongs to a majority, knows of all."""
        for node in self._nodes:
            if node.name in self.frozen or node.pid() is None:
                continue
            try:
                if node.cluster("INFO")["cluster_state"] == "ok":
                    return [e for e in node.cluster("NODES").values() if "fail" not in e["flags"]]
            except RedisError:
                continue
        raise StopIteration("no node sees a working cluster")

    # --- Damage -----------------------------------------------------------------------------

    def freeze(self, node: Node) -> None:
        """Stop a process without its notice: it keeps its connections and answers nothing."""
        self.frozen.add(node.name)
        node.send_signal(signal.SIGSTOP)

    def thaw(self, node: Node) -> None:
        node.send_signal(signal.SIGCONT)
        self.frozen.discard(node.name)

    def empty(self, node: Node) -> None:
        """Take the data of a dead node away; it stays who it is."""
        shutil.rmtree(node.directory / "appendonlydir")

    def kill_all(self) -> None:
        for node in self._nodes:
            node.send_signal(signal.SIGKILL)
        await_that(lambda: all(node.pid() is None for node in self._nodes), "a node survives")

    def move_to_other_ports(self) -> None:
        """Give all (dead) nodes other addresses, as a platform does that starts them elsewhere."""
        base_port = free_base_port(len(self._nodes))
        for offset, node in enumerate(self._nodes):
            node.port = base_port + offset

    def end(self) -> None:
        """Stop all nodes, whatever was done to them."""
        for node in self._nodes:
            self.thaw(node)
        self.stop()

    # --- Repair -----------------------------------------------------------------------------

    def await_takeover(self, former: Node) -> None:
        """Wait until others have taken over all slots of a master."""
        await_that(lambda: self._is_covered_without(former), "no replica took over")

    def _is_covered_without(self, former: Node) -> bool:
        try:
            shards = self.shards()
        except (RedisError, StopIteration):
            return False
        covered = sum(len(shard.slots) for shard in shards if shard.master is not former)
        return covered == formation.SLOTS

    def make_whole(self) -> None:
        """Start what is dead, thaw what is frozen, and wait until all are one cluster again."""
        for node in self._nodes:
            self.thaw(node)
        for node in self._nodes:
            self.restart(node)
        await_that(self.is_whole, "the cluster does not become whole again")

    def start_again(self) -> None:
        """Start all nodes after none was left, and tell them where the others are now."""
        for node in self._nodes:
            self._launch_node(node)
        self.wait_until_ready()
        await_that(self.is_whole, "the cluster does not become whole again")


def _slots_of(entry: dict[str, Any]) -> list[int]:
    slots: list[int] = []
    for first, *last in entry["slots"]:
        if first.isdigit():
            slots += range(int(first), int(last[0] if last else first) + 1)
    return slots
