"""What can happen to a cluster. Each fault strikes, and is over when its block ends.

Inside the block everybody has to be served again; where that needs a repair, the fault makes it
before it yields. What it leaves damaged, the experiment makes whole afterwards.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from authserver.local.node import Node
from tests.reliability.lab.history import Outcome
from tests.reliability.lab.network import ProxiedCluster
from tests.reliability.lab.waiting import await_that

if TYPE_CHECKING:
    from tests.reliability.lab.experiment import Experiment

Strike = Callable[["Experiment"], AbstractContextManager[None]]

SLOTS_TO_MOVE = 1000
SHORT_FREEZE_SECONDS = 1.0
AWAY_SECONDS = 3.0
"""How long all nodes are gone: longer than a client waits before it asks again."""


@dataclass(frozen=True)
class Fault:
    """`needs_replicas`: without any, it makes no sense. `may_lose_connections`: to the server."""

    name: str
    title: str
    strike: Strike
    needs_replicas: bool = True
    may_lose_connections: bool = False


def _await_service_after(experiment: Experiment, master: Node, *gone: Node) -> None:
    """Wait for the fail-over; then repair what is gone, if nobody is left to confirm writes."""
    cluster = experiment.cluster
    cluster.await_takeover(master)
    if experiment.setting.wait >= cluster.replicas:
        _repair(experiment, master, *gone)


def _repair(experiment: Experiment, *nodes: Node) -> None:
    for node in nodes:
        experiment.cluster.thaw(node)
        experiment.cluster.restart(node)


@contextmanager
def _master_dies(experiment: Experiment) -> Iterator[None]:
    cluster = experiment.cluster
    master = experiment.choose_shard().master
    cluster.kill(master)
    _await_service_after(experiment, master)
    yield


@contextmanager
def _master_dies_and_is_restarted(experiment: Experiment) -> Iterator[None]:
    """At once, as a supervisor does it: the node comes back with its append-only file."""
    master = experiment.choose_shard().master
    experiment.cluster.kill(master)
    experiment.cluster.restart(master)
    yield


@contextmanager
def _master_comes_back_empty(experiment: Experiment) -> Iterator[None]:
    """After another one has taken over, as a supervisor must wait for where disks can be lost."""
    cluster = experiment.cluster
    master = experiment.choose_shard().master
    cluster.kill(master)
    cluster.await_takeover(master)
    cluster.empty(master)
    cluster.restart(master)
    yield


@contextmanager
def _replica_dies(experiment: Experiment) -> Iterator[None]:
    replica = experiment.random.choice(experiment.choose_shard().replicas)
    experiment.cluster.kill(replica)
    if experiment.setting.wait >= experiment.cluster.replicas:
        time.sleep(SHORT_FREEZE_SECONDS)
        _repair(experiment, replica)
    yield


@contextmanager
def _master_and_replica_of_two_shards_die(experiment: Experiment) -> Iterator[None]:
    cluster = experiment.cluster
    first, second = experiment.random.sample(cluster.shards(), 2)
    cluster.kill(first.master)
    cluster.kill(second.replicas[0])
    _await_service_after(experiment, first.master, second.replicas[0])
    yield


@contextmanager
def _master_hangs_and_comes_back(experiment: Experiment) -> Iterator[None]:
    """Longer than its fail-over takes: it wakes up believing that it is master still."""
    cluster = experiment.cluster
    master = experiment.choose_shard().master
    cluster.freeze(master)
    _await_service_after(experiment, master)
    experiment.load.await_each()
    cluster.thaw(master)
    yield


@contextmanager
def _master_hangs_for_a_moment(experiment: Experiment) -> Iterator[None]:
    """Too short for a fail-over: what was sent to it meanwhile is carried out late, and twice."""
    cluster = experiment.cluster
    master = experiment.choose_shard().master
    cluster.freeze(master)
    time.sleep(SHORT_FREEZE_SECONDS)
    cluster.thaw(master)
    yield


@contextmanager
def _master_dies_while_its_replicas_hang(experiment: Experiment) -> Iterator[None]:
    """What it accepts meanwhile is nowhere else; whoever takes over knows nothing of it."""
    cluster = experiment.cluster
    shard = experiment.choose_shard()
    for replica in shard.replicas:
        cluster.freeze(replica)
    # Or the kernel would keep for them what they did not read.
    client: Any = shard.master.client()
    client.client_kill_filter(_type="replica")
    time.sleep(SHORT_FREEZE_SECONDS)
    cluster.kill(shard.master)
    for replica in shard.replicas:
        cluster.thaw(replica)
    _await_service_after(experiment, shard.master)
    yield


@contextmanager
def _replicas_hang(experiment: Experiment) -> Iterator[None]:
    """For longer than the grace of a refresh token: all writes of the shard fail closed."""
    cluster = experiment.cluster
    shard = experiment.choose_shard()
    for replica in shard.replicas:
        cluster.freeze(replica)
    time.sleep(LONG_FREEZE_SECONDS)
    for replica in shard.replicas:
        cluster.thaw(replica)
    yield


LONG_FREEZE_SECONDS = 12.0


@contextmanager
def _fail_over_on_request(experiment: Experiment) -> Iterator[None]:
    cluster = experiment.cluster
    shard = experiment.choose_shard()
    successor = shard.replicas[0]
    successor.cluster("FAILOVER")
    await_that(lambda: cluster.is_master(successor), "the fail-over did not happen")
    yield


@contextmanager
def _slots_move(experiment: Experiment) -> Iterator[None]:
    """There and back, so that the shape stays."""
    source, target = experiment.random.sample(experiment.cluster.shards(), 2)
    slots = source.slots[:SLOTS_TO_MOVE]
    experiment.cluster.move_slots(slots, source.master, target.master)
    experiment.cluster.move_slots(slots, target.master, source.master)
    yield


@contextmanager
def _shard_joins_and_leaves(experiment: Experiment) -> Iterator[None]:
    cluster = experiment.cluster
    nodes = cluster.add_shard()
    giving = experiment.choose_shard()
    slots = giving.slots[: SLOTS_TO_MOVE // 2]
    cluster.move_slots(slots, giving.master, nodes[0])
    experiment.load.await_each()
    cluster.move_slots(slots, nodes[0], giving.master)
    cluster.remove_shard(nodes)
    yield


@contextmanager
def _memory_is_full(experiment: Experiment) -> Iterator[None]:
    masters = [shard.master for shard in experiment.cluster.shards()]
    for master in masters:
        master.client().config_set("maxmemory", 1)
    _await_unavailable(experiment)
    for master in masters:
        master.client().config_set("maxmemory", 0)
    yield


@contextmanager
def _all_nodes_die_and_come_back(experiment: Experiment) -> Iterator[None]:
    experiment.cluster.kill_all()
    _await_unavailable(experiment)
    time.sleep(AWAY_SECONDS)
    experiment.cluster.start_again()
    yield


@contextmanager
def _all_nodes_come_back_elsewhere(experiment: Experiment) -> Iterator[None]:
    """The seed's name stays, every address behind it is another one."""
    experiment.cluster.kill_all()
    _await_unavailable(experiment)
    experiment.cluster.move_to_other_ports()
    experiment.cluster.start_again()
    yield


@contextmanager
def _server_dies(experiment: Experiment) -> Iterator[None]:
    [server] = experiment.servers
    server.kill()
    server.start()
    yield


@contextmanager
def _master_and_client_are_cut_off(experiment: Experiment) -> Iterator[None]:
    """One server reaches only the old master, the other one all but that."""
    cluster = experiment.cluster
    assert isinstance(cluster, ProxiedCluster)
    for number, server in enumerate(experiment.servers):
        cluster.network.know_server(f"server-{number}", server.pids)
    master = experiment.choose_shard().master
    cluster.network.isolate(master.name, "server-0")
    try:
        cluster.await_takeover(master)
        if experiment.setting.wait < cluster.replicas:
            experiment.load.await_each()
    finally:
        cluster.network.isolate()
    yield


def _await_unavailable(experiment: Experiment) -> None:
    """Wait until somebody was told that the store is away."""
    now = time.monotonic()
    await_that(
        lambda: any(
            operation.outcome is Outcome.UNKNOWN and operation.ended > now
            for operation in experiment.load.operations()
        ),
        "nobody noticed",
    )


PARTITION = Fault(
    "partition", "a master is cut off together with a server", _master_and_client_are_cut_off
)
FAULTS = (
    Fault("master-dies", "a master dies (`kill -9`)", _master_dies),
    Fault(
        "master-restarts",
        "a master dies and is restarted at once, with its append-only file",
        _master_dies_and_is_restarted,
        needs_replicas=False,
    ),
    Fault(
        "master-comes-back-empty",
        "a master dies and comes back empty after the fail-over",
        _master_comes_back_empty,
    ),
    Fault("replica-dies", "a replica dies", _replica_dies),
    Fault(
        "master-and-replica-die",
        "a master and a replica of another shard die",
        _master_and_replica_of_two_shards_die,
    ),
    Fault(
        "master-hangs",
        "a master hangs (SIGSTOP) and comes back after the fail-over",
        _master_hangs_and_comes_back,
    ),
    Fault(
        "master-hangs-briefly",
        "a master hangs for a second",
        _master_hangs_for_a_moment,
        needs_replicas=False,
    ),
    Fault(
        "master-dies-alone",
        "a master dies while its replicas hang",
        _master_dies_while_its_replicas_hang,
    ),
    Fault("replicas-hang", "all replicas of a master hang for 12 s", _replicas_hang),
    Fault("fail-over", "an orderly `CLUSTER FAILOVER`", _fail_over_on_request),
    Fault("slots-move", "1,000 slots move to another master and back", _slots_move, False),
    Fault("shard-joins", "a shard joins, serves, and leaves again", _shard_joins_and_leaves, False),
    Fault("memory-full", "the memory of every master is full", _memory_is_full, False),
    Fault("all-die", "all nodes die and come back", _all_nodes_die_and_come_back, False),
    Fault(
        "all-move",
        "all nodes die and come back at other addresses",
        _all_nodes_come_back_elsewhere,
        needs_replicas=False,
    ),
    Fault(
        "server-dies",
        "the server dies and is restarted",
        _server_dies,
        needs_replicas=False,
        may_lose_connections=True,
    ),
)
