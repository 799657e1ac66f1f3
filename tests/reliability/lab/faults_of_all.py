"""Faults of the whole: slots and shards move, everything goes away."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.reliability.lab.growing import GrowingCluster, move_slots
from tests.reliability.lab.history import Outcome

if TYPE_CHECKING:
    from tests.reliability.lab.experiment import Experiment


@contextmanager
def slots_move(experiment: Experiment) -> Iterator[None]:
    """There and back, so that the shape stays."""
    source, target = experiment.random.sample(experiment.cluster.shards(), 2)
    slots = source.slots[: experiment.setting.pace.slots]
    move_slots(slots, source.master, target.master)
    move_slots(slots, target.master, source.master)
    yield


@contextmanager
def shard_joins_and_leaves(experiment: Experiment) -> Iterator[None]:
    cluster = experiment.cluster
    assert isinstance(cluster, GrowingCluster)
    nodes = cluster.add_shard()
    giving = experiment.choose_shard()
    slots = giving.slots[: experiment.setting.pace.slots // 2]
    move_slots(slots, giving.master, nodes[0])
    experiment.load.await_each()
    move_slots(slots, nodes[0], giving.master)
    cluster.remove_shard(nodes)
    yield


@contextmanager
def memory_is_full(experiment: Experiment) -> Iterator[None]:
    masters = [shard.master for shard in experiment.cluster.shards()]
    for master in masters:
        master.client().config_set("maxmemory", 1)
    _await_unavailable(experiment)
    for master in masters:
        master.client().config_set("maxmemory", 0)
    yield


@contextmanager
def all_nodes_die_and_come_back(experiment: Experiment) -> Iterator[None]:
    experiment.cluster.kill_all()
    _await_unavailable(experiment)
    time.sleep(experiment.setting.pace.away_seconds)
    experiment.cluster.start_again()
    yield


@contextmanager
def all_nodes_come_back_elsewhere(experiment: Experiment) -> Iterator[None]:
    """The seed's name stays, every address behind it is another one."""
    experiment.cluster.kill_all()
    _await_unavailable(experiment)
    time.sleep(experiment.setting.pace.away_seconds)
    experiment.cluster.move_to_other_ports()
    experiment.cluster.start_again()
    yield


@contextmanager
def server_dies(experiment: Experiment) -> Iterator[None]:
    [server] = experiment.servers
    server.kill()
    server.start()
    yield


def _await_unavailable(experiment: Experiment) -> None:
    """Wait until somebody was told that the store is away."""
    now = time.monotonic()
    experiment.load.await_any(
        lambda operation: operation.outcome is Outcome.UNKNOWN and operation.ended > now,
        "nobody noticed",
    )
