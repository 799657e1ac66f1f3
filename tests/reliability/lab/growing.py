"""A cluster that takes shards in and lets them go."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from functools import partial
from typing import Any

from redis.exceptions import ResponseError

from authserver.local.node import Node
from authserver.local.ports import BUS_OFFSET, HOST
from tests.reliability.lab.cluster import LabCluster
from tests.reliability.lab.waiting import await_that

_KEYS_AT_ONCE = 200
_MIGRATE_TIMEOUT_MS = 5000


class GrowingCluster(LabCluster):
    """There is room for one more shard."""

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
        for node in leaving:
            shutil.rmtree(node.directory)  # whoever joins here later is somebody else

    def _all_know_all(self) -> bool:
        known = [int(node.cluster("INFO")["cluster_known_nodes"]) for node in self._nodes]
        return set(known) == {len(self._nodes)}


def move_slots(slots: Sequence[int], source: Node, target: Node) -> None:
    """Move slots with all their keys while both serve. Spec: Redis Cluster, live resharding."""
    source_id, target_id = source.cluster("MYID"), target.cluster("MYID")
    for slot in slots:
        target.cluster("SETSLOT", slot, "IMPORTING", source_id)
        source.cluster("SETSLOT", slot, "MIGRATING", target_id)
        await_that(partial(_moved_all, slot, source, target), f"keys of slot {slot} stay")
        for node in (target, source):
            node.cluster("SETSLOT", slot, "NODE", target_id)


def _moved_all(slot: int, source: Node, target: Node) -> bool:
    """Move the keys of a slot. Returns whether none is left."""
    client: Any = source.client()
    try:
        while keys := source.cluster("GETKEYSINSLOT", slot, _KEYS_AT_ONCE):
            client.migrate(HOST, target.port, keys, 0, _MIGRATE_TIMEOUT_MS)
    except ResponseError:  # the target is not ready this very moment
        return False
    return True


def _follows(replica: Node, master: Node) -> bool:
    try:
        replica.cluster("REPLICATE", master.cluster("MYID"))
    except ResponseError:
        return False
    return True


def _has_replicas(master: Node, count: int) -> bool:
    return int(master.client().info("replication")["connected_slaves"]) == count
