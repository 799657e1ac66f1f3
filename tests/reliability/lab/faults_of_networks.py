"""Faults of the network between nodes and servers: it is cut, or slow."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from authserver.local.node import Node
from tests.reliability.lab.namespaces import NamespacedCluster
from tests.reliability.lab.network import Network, ProxiedCluster

if TYPE_CHECKING:
    from tests.reliability.lab.experiment import Experiment

LATE_SECONDS = 0.15
"""Each way: a call takes longer than a slow one does, and not as long as a time-out."""
TOO_LATE_SECONDS = 0.4


@contextmanager
def master_and_client_are_cut_off(experiment: Experiment) -> Iterator[None]:
    """One server reaches only the old master, the other one all but that."""
    with _cut_off(experiment, experiment.choose_shard().master):
        yield


@contextmanager
def master_replica_and_client_are_cut_off(experiment: Experiment) -> Iterator[None]:
    """The old master and a replica confirm to each other what the others never hear of."""
    shard = experiment.choose_shard()
    with _cut_off(experiment, shard.master, shard.replicas[0]):
        yield


@contextmanager
def _cut_off(experiment: Experiment, master: Node, *replicas: Node) -> Iterator[None]:
    cluster = experiment.cluster
    assert isinstance(cluster, NamespacedCluster | ProxiedCluster)
    network, names = cluster.network, [node.name for node in (master, *replicas)]
    network.isolate(*names, experiment.servers[0].name)
    try:
        cluster.await_takeover(master)
        if experiment.setting.serves_with(cluster.replicas - 1 - len(replicas)):
            experiment.load.await_each()
    finally:
        network.isolate()
    yield


@contextmanager
def master_is_far_away(experiment: Experiment) -> Iterator[None]:
    """Its people are served, a few at a time."""
    with _late(experiment, LATE_SECONDS, experiment.choose_shard().master):
        experiment.load.await_each()
    yield


@contextmanager
def all_nodes_are_far_away(experiment: Experiment) -> Iterator[None]:
    with _late(experiment, LATE_SECONDS, *experiment.cluster.nodes()):
        experiment.load.await_each()
    yield


@contextmanager
def master_is_too_far_away(experiment: Experiment) -> Iterator[None]:
    """Each call runs into its time-out, is repeated, and is carried out all the same."""
    with _late(experiment, TOO_LATE_SECONDS, experiment.choose_shard().master):
        pass
    yield


@contextmanager
def _late(experiment: Experiment, seconds: float, *nodes: Node) -> Iterator[None]:
    """Let nodes be far away for a while, and until the block ends."""
    network = network_of(experiment)
    network.delay(seconds, *(node.name for node in nodes))
    try:
        time.sleep(experiment.setting.pace.hanging_seconds)
        yield
    finally:
        network.delay(0)


def network_of(experiment: Experiment) -> Network:
    """Return what can make nodes late, where the setting has it."""
    assert isinstance(experiment.cluster, ProxiedCluster)
    return experiment.cluster.network
