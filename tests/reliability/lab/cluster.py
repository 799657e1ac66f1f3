"""A cluster made to be damaged, and to be made whole again."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redis.exceptions import RedisError, ResponseError

from authserver.local import formation
from authserver.local.cluster import LocalCluster
from authserver.local.node import Node
from authserver.local.ports import BUS_OFFSET, HOST, free_base_port
from tests.reliability.lab.waiting import await_that

_KEYS_AT_ONCE = 200
_MIGRATE_TIMEOUT_MS = 5000


@dataclass(frozen=True)
class Shard:
    """Nodes that hold the same slots."""

    master: Node
    replicas: tuple[Node, ...]
    slots: tuple[int, ...]


class LabCluster(LocalCluster):
    """A local cluster that knows its shape at any moment. There is room for one more shard."""

    def __init__(self, directory: Path, masters: int, replicas: int) -> None:
        count = (masters + 1) * (1 + replicas)
        super().__init__(directory, masters, replicas, base_port=free_base_port(count))
        self._ids: dict[str, Node] = {}
        self.frozen: set[str] = set()
        # Replicas show themselves to clients only after they got a byte; do not wait 10 s for it.
        self._settings |= {"repl-ping-replica-period": "1"}

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

    # --- Growing and shrinking --------------------------------------------------------------

    def add_shard(self) -> list[Node]:
        """Let a master without slots and its replicas join."""
        first, old = len(self._nodes), list(self._nodes)
        base_port = old[0].port
        new = [
            Node(self.directory / f"node-{n + 1}", base_port + n)
            for n in range(first, first + 1 + self.replicas)
        ]
        for node in new:
            self._launch_node(node)
        for node in new:
            node.wait_until_ready()
            old[0].cluster("MEET", HOST, node.port, node.port + BUS_OFFSET)
        self._nodes += new
        self._learn_ids()
        await_that(self._all_know_all, "the new nodes are not known to all")
        master, *replicas = new
        for replica in replicas:
            await_that(lambda replica=replica: _follows(replica, master), "it does not follow")
        await_that(lambda: _has_replicas(master, len(replicas)), "the new master is not followed")
        return new

    def remove_shard(self, leaving: Sequence[Node]) -> None:
        """Let nodes go that hold no slots."""
        ids = [node.cluster("MYID") for node in leaving]
        self._nodes = [node for node in self._nodes if node not in leaving]
        for node in leaving:
            node.stop()
        for node in leaving:
            node.wait_until_stopped()
        for node in self._nodes:
            for node_id in ids:
                node.cluster("FORGET", node_id)

    def _all_know_all(self) -> bool:
        known = [int(node.cluster("INFO")["cluster_known_nodes"]) for node in self._nodes]
        return set(known) == {len(self._nodes)}

    def move_slots(self, slots: Sequence[int], source: Node, target: Node) -> None:
        """Move slots with all their keys while both serve. Spec: Redis Cluster, live resharding."""
        source_id, target_id = source.cluster("MYID"), target.cluster("MYID")
        for slot in slots:
            target.cluster("SETSLOT", slot, "IMPORTING", source_id)
            source.cluster("SETSLOT", slot, "MIGRATING", target_id)
            while keys := source.cluster("GETKEYSINSLOT", slot, _KEYS_AT_ONCE):
                client: Any = source.client()
                client.migrate(HOST, target.port, keys, 0, _MIGRATE_TIMEOUT_MS)
            for node in (target, source):
                node.cluster("SETSLOT", slot, "NODE", target_id)


def _slots_of(entry: dict[str, Any]) -> list[int]:
    slots: list[int] = []
    for first, *last in entry["slots"]:
        if first.isdigit():
            slots += range(int(first), int(last[0] if last else first) + 1)
    return slots


def _follows(replica: Node, master: Node) -> bool:
    try:
        replica.cluster("REPLICATE", master.cluster("MYID"))
    except ResponseError:
        return False
    return True


def _has_replicas(master: Node, count: int) -> bool:
    return int(master.client().info("replication")["connected_slaves"]) == count
