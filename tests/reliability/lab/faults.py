"""What can happen to a cluster. Each fault strikes, and is over when its block ends.

Inside the block everybody has to be served again; where that needs a repair, the fault makes it
before it yields. What it leaves damaged, the experiment makes whole afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.reliability.lab import faults_of_all as all_of
from tests.reliability.lab import faults_of_networks as networks
from tests.reliability.lab import faults_of_nodes as nodes
from tests.reliability.lab import works_of_operators as operators

if TYPE_CHECKING:
    from tests.reliability.lab.experiment import Experiment

Strike = Callable[["Experiment"], AbstractContextManager[None]]


@dataclass(frozen=True)
class Fault:
    """`may_lose_connections`: those to the server, because it is the victim itself."""

    name: str
    title: str
    strike: Strike
    may_lose_connections: bool = False


PARTITION = Fault(
    "partition",
    "a master is cut off together with a server",
    networks.master_and_client_are_cut_off,
)
PARTITION_WITH_REPLICA = Fault(
    "partition-with-replica",
    "a master is cut off together with a replica and a server",
    networks.master_replica_and_client_are_cut_off,
)
PARTITIONS = (PARTITION, PARTITION_WITH_REPLICA)
DISTANCES = (
    Fault("master-far-away", "a call to one master takes 0.3 s", networks.master_is_far_away),
    Fault("all-far-away", "a call to any node takes 0.3 s", networks.all_nodes_are_far_away),
    Fault(
        "master-too-far-away",
        "a call to one master takes longer than its time-out",
        networks.master_is_too_far_away,
    ),
)
FAULTS_OF_NETWORKS = (*PARTITIONS, *DISTANCES)
"""Only where nodes and servers are joined by a network that can be cut, or slow."""
CREDENTIALS_CHANGE = Fault(
    "credentials-change",
    "certificates and the password change, on every node and in the server",
    operators.credentials_change,
    may_lose_connections=True,
)
FAULTS = (
    Fault("master-dies", "a master dies (`kill -9`)", nodes.master_dies),
    Fault(
        "master-restarts",
        "a master dies and is restarted at once, with its append-only file",
        nodes.master_dies_and_is_restarted,
    ),
    Fault(
        "master-comes-back-empty",
        "a master dies and comes back empty after the fail-over",
        nodes.master_comes_back_empty,
    ),
    Fault("replica-dies", "a replica dies", nodes.replica_dies),
    Fault(
        "master-and-replica-die",
        "a master and a replica of another shard die",
        nodes.master_and_replica_of_two_shards_die,
    ),
    Fault(
        "master-hangs",
        "a master hangs (SIGSTOP) and comes back after the fail-over",
        nodes.master_hangs_and_comes_back,
    ),
    Fault(
        "master-hangs-briefly",
        "a master hangs for a second",
        nodes.master_hangs_for_a_moment,
    ),
    Fault(
        "master-dies-alone",
        "a master dies while its replicas are cut off from it",
        nodes.master_dies_while_its_replicas_hang,
    ),
    Fault("replicas-hang", "all replicas of a master hang for a while", nodes.replicas_hang),
    Fault("fail-over", "an orderly `CLUSTER FAILOVER`", nodes.fail_over_on_request),
    Fault("slots-move", "many slots move to another master and back", all_of.slots_move),
    Fault(
        "shard-joins",
        "a shard joins, serves, and leaves again",
        all_of.shard_joins_and_leaves,
        False,
    ),
    Fault("upgrade", "Redis is upgraded, node by node", operators.nodes_are_upgraded),
    Fault("memory-full", "the memory of every master is full", all_of.memory_is_full),
    Fault("all-die", "all nodes die and come back", all_of.all_nodes_die_and_come_back),
    Fault(
        "all-move",
        "all nodes die and come back at other addresses",
        all_of.all_nodes_come_back_elsewhere,
    ),
    Fault(
        "server-dies",
        "the server dies and is restarted",
        all_of.server_dies,
        may_lose_connections=True,
    ),
)


def named(name: str) -> Fault:
    """Return the fault of that name."""
    return next(fault for fault in FAULTS if fault.name == name)
