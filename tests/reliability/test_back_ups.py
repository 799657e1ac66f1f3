"""What the page about the cluster says of data that is lost, or restored from an older copy."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.reliability.lab.client import Client
from tests.reliability.lab.experiment import Bench, Experiment, Setting
from tests.reliability.lab.history import Outcome
from tests.reliability.lab.holdings import Family, Session

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("faults")]


@dataclass
class SignedIn:
    """Somebody with a browser and an app, on a cluster of one node."""

    experiment: Experiment
    client: Client
    session: Session
    family: Family


@pytest.fixture(scope="module")
def experiment(bench: Bench) -> Iterator[Experiment]:
    with bench.experiment(Setting(masters=1, replicas=0, wait=0)) as running_now:
        yield running_now


@pytest.fixture
def somebody(experiment: Experiment) -> SignedIn:
    world = experiment.world
    client = Client(world, world.people[0], "somebody")
    _, session = client.sign_in()
    _, code = client.authorize(session, offline=True)
    operation, family = client.redeem(code)
    assert operation.outcome is Outcome.DONE
    return SignedIn(experiment, client, session, family)


def test_an_empty_cluster_signs_out_and_serves(somebody: SignedIn) -> None:
    cluster, client = somebody.experiment.cluster, somebody.client
    cluster.kill_all()
    for node in cluster.nodes():
        cluster.empty(node)
    cluster.start_again()
    assert client.refresh(somebody.family).outcome is Outcome.REFUSED
    assert client.authorize(somebody.session, offline=True)[0].outcome is Outcome.REFUSED
    assert client.sign_in()[0].outcome is Outcome.DONE


def test_an_older_copy_brings_back_what_was_revoked_until_it_is_ended(somebody: SignedIn) -> None:
    experiment, client, family = somebody.experiment, somebody.client, somebody.family
    cluster, [node] = experiment.cluster, experiment.cluster.nodes()
    data, copy = node.directory / "appendonlydir", node.directory / "copy"
    cluster.kill_all()
    shutil.copytree(data, copy)
    cluster.start_again()
    assert client.revoke(family).outcome is Outcome.DONE
    assert client.refresh(family).outcome is Outcome.REFUSED
    cluster.kill_all()
    cluster.empty(node)
    shutil.move(copy, data)
    cluster.start_again()
    assert client.refresh(family).outcome is Outcome.DONE
    experiment.installation.manage("user", "revoke", experiment.world.people[0].username)
    assert client.refresh(family).outcome is Outcome.REFUSED
