"""Faults of single nodes: they die, hang, and come back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from authserver.local.node import Node
from tests.reliability.lab.history import Kind, Outcome
from tests.reliability.lab.waiting import await_that

if TYPE_CHECKING:
    from tests.reliability.lab.experiment import Experiment

SHORT_FREEZE_SECONDS = 1.0


def _await_service_after(experiment: Experiment, master: Node, *gone: Node) -> None:
    """Wait for the fail-over; then repair what is gone, if nobody is left to confirm writes."""
    cluster = experiment.cluster
    cluster.await_takeover(master)
    if not experiment.setting.serves_with(cluster.replicas - 1):
        _repair(experiment, master, *gone)


def _repair(experiment: Experiment, *nodes: Node) -> None:
    for node in nodes:
        experiment.cluster.thaw(node)
        experiment.cluster.restart(node)


@contextmanager
def master_dies(experiment: Experiment) -> Iterator[None]:
    cluster = experiment.cluster
    master = experiment.choose_shard().master
    cluster.kill(master)
    _await_service_after(experiment, master)
    yield


@contextmanager
def master_dies_and_is_restarted(experiment: Experiment) -> Iterator[None]:
    """At once, as a supervisor does it: the node comes back with its append-only file."""
    master = experiment.choose_shard().master
    experiment.cluster.kill(master)
    experiment.cluster.restart(master)
    yield


@contextmanager
def master_comes_back_empty(experiment: Experiment) -> Iterator[None]:
    """After another one has taken over, as a supervisor must wait for where disks can be lost."""
    cluster = experiment.cluster
    master = experiment.choose_shard().master
    cluster.kill(master)
    cluster.await_takeover(master)
    cluster.empty(master)
    cluster.restart(master)
    yield


@contextmanager
def replica_dies(experiment: Experiment) -> Iterator[None]:
    replica = experiment.random.choice(experiment.choose_shard().replicas)
    experiment.cluster.kill(replica)
    if not experiment.setting.serves_with(experiment.cluster.replicas - 1):
        time.sleep(SHORT_FREEZE_SECONDS)
        _repair(experiment, replica)
    yield


@contextmanager
def master_and_replica_of_two_shards_die(experiment: Experiment) -> Iterator[None]:
    cluster = experiment.cluster
    first, second = experiment.random.sample(cluster.shards(), 2)
    cluster.kill(first.master)
    cluster.kill(second.replicas[0])
    _await_service_after(experiment, first.master, second.replicas[0])
    yield


@contextmanager
def master_hangs_and_comes_back(experiment: Experiment) -> Iterator[None]:
    """Longer than its fail-over takes: it wakes up believing that it is master still."""
    cluster = experiment.cluster
    master = experiment.choose_shard().master
    cluster.freeze(master)
    _await_service_after(experiment, master)
    experiment.load.await_each()
    cluster.thaw(master)
    yield


@contextmanager
def master_hangs_for_a_moment(experiment: Experiment) -> Iterator[None]:
    """Too short for a fail-over: what was sent to it meanwhile is carried out late, and twice."""
    cluster = experiment.cluster
    master = experiment.choose_shard().master
    cluster.freeze(master)
    time.sleep(SHORT_FREEZE_SECONDS)
    cluster.thaw(master)
    yield


@contextmanager
def master_dies_while_its_replicas_hang(experiment: Experiment) -> Iterator[None]:
    """What it accepts meanwhile is nowhere else; whoever takes over knows nothing of it."""
    cluster = experiment.cluster
    shard = experiment.choose_shard()
    for replica in shard.replicas:
        cluster.freeze(replica)
    # Or the kernel would keep for them what they did not read.
    client: Any = shard.master.client()
    client.client_kill_filter(_type="replica")
    _let_it_acknowledge_alone(experiment)
    cluster.kill(shard.master)
    for replica in shard.replicas:
        cluster.thaw(replica)
    _await_service_after(experiment, shard.master)
    yield


def _let_it_acknowledge_alone(experiment: Experiment) -> None:
    """Wait until a grant has been opened there; where replicas must confirm, that never happens."""
    if experiment.setting.wait:
        time.sleep(SHORT_FREEZE_SECONDS)
        return
    now, struck = time.monotonic(), experiment.struck
    experiment.load.await_any(
        lambda o: (
            o.kind is Kind.REDEEM
            and o.outcome is Outcome.DONE
            and o.actor in struck
            and o.started > now
        ),
        "nobody got a grant",
    )


@contextmanager
def replicas_hang(experiment: Experiment) -> Iterator[None]:
    """All writes of the shard fail closed."""
    cluster = experiment.cluster
    shard = experiment.choose_shard()
    for replica in shard.replicas:
        cluster.freeze(replica)
    time.sleep(experiment.setting.pace.hanging_seconds)
    for replica in shard.replicas:
        cluster.thaw(replica)
    yield


@contextmanager
def fail_over_on_request(experiment: Experiment) -> Iterator[None]:
    cluster = experiment.cluster
    shard = experiment.choose_shard()
    successor = shard.replicas[0]
    successor.cluster("FAILOVER")
    await_that(lambda: cluster.is_master(successor), "the fail-over did not happen")
    yield
