"""Nodes that answer late have a few threads of a server; others are served as ever."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

import pytest
import requests

from authserver.local.node import Node
from oidc.stores.redis.slowness import SLOW_SECONDS
from oidc.waiting_room import THREADS
from tests.reliability.lab.client import Client
from tests.reliability.lab.experiment import Bench, Experiment, Setting
from tests.reliability.lab.faults_of_networks import network_of
from tests.reliability.lab.history import Operation, Outcome
from tests.reliability.lab.holdings import Family
from tests.reliability.lab.waiting import await_that

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("faults")]

LATE_SECONDS = SLOW_SECONDS
"""Each way: a call takes twice as long as a slow one."""
MANY = 30
PAUSE_SECONDS = 0.05
"""Between an answer and the next question: refusals come at once, and the machine is small."""


class App:
    """An app that asks about one person's token."""

    def __init__(self, experiment: Experiment, number: int) -> None:
        world = replace(experiment.world, servers=experiment.world.servers[:1])
        self._client = Client(world, world.people[number], f"actor-{number + 1}")
        _, session = self._client.sign_in()
        _, code = self._client.authorize(session, offline=True)
        self._family: Family = self._client.redeem(code)[1]

    def ask(self) -> Operation:
        return self._client.read(self._family, introspect=True)


@contextmanager
def asking(apps: Sequence[App], callers: int) -> Iterator[list[Operation]]:
    """Let many ask at the same time, again and again. Yields what they hear."""
    heard: list[Operation] = []
    over = threading.Event()

    def ask(app: App) -> None:
        while not over.wait(PAUSE_SECONDS):
            heard.append(app.ask())

    with ThreadPoolExecutor(callers) as pool:
        calls = [pool.submit(ask, apps[number % len(apps)]) for number in range(callers)]
        try:
            yield heard
        finally:
            over.set()
    for call in calls:
        call.result()


@pytest.fixture(scope="module")
def experiment(bench: Bench) -> Iterator[Experiment]:
    setting = Setting(masters=3, replicas=1, wait=1, proxied=True, node_timeout_ms=5000)
    with bench.experiment(setting) as running_now:
        yield running_now


@pytest.fixture(scope="module")
def apps(experiment: Experiment) -> list[App]:
    """One of a person on each shard."""
    return [App(experiment, number) for number in range(len(experiment.world.people))]


class Log:
    """What the server's log says, from now on, about how quick reads at a node are."""

    def __init__(self, experiment: Experiment) -> None:
        self._server = experiment.servers[0]
        self._seen = len(self._server.log().splitlines())

    def turns(self, port: int) -> list[str]:
        lines = self._server.log().splitlines()[self._seen :]
        entries = [json.loads(line) for line in lines if "{" in line]
        return [
            entry["event"]
            for entry in entries
            if entry.get("calls") == "reads" and str(entry["node"]).endswith(f":{port}")
        ]


def port_of(experiment: Experiment, node: Node) -> int:
    return network_of(experiment).base_port + experiment.cluster.nodes().index(node)


def refused_as_slow(experiment: Experiment) -> float:
    metrics = requests.get(f"{experiment.world.servers[0]}/metrics", timeout=30).text
    found = re.search(r'gatehouse_store_unavailable_total{reason="slow"} (\S+)', metrics)
    return float(found[1]) if found else 0.0


def test_a_slow_node_sheds_what_it_cannot_serve_and_slows_nobody_else(
    experiment: Experiment, apps: list[App]
) -> None:
    shard = experiment.choose_shard()
    [struck] = [int(name.rpartition("-")[2]) - 1 for name in experiment.struck]
    log, port = Log(experiment), port_of(experiment, shard.master)

    network_of(experiment).delay(LATE_SECONDS, shard.master.name)
    with asking([apps[struck]], 2 * THREADS) as heard:
        await_that(lambda: any(one.status == 503 for one in heard), "nobody is told to go")
        elsewhere = [app for app in apps if app is not apps[struck]]
        answers = [app.ask() for app in elsewhere for _ in range(MANY)]
        assert {answer.outcome for answer in answers} == {Outcome.DONE}
        await_that(lambda: log.turns(port) == ["store_slow"], "nobody notices")
    assert {one.outcome for one in heard} == {Outcome.DONE, Outcome.UNKNOWN}
    assert {one.status for one in heard} == {200, 503}
    assert refused_as_slow(experiment) > 0

    network_of(experiment).delay(0)
    await_that(
        lambda: (
            apps[struck].ask().status == 200 and log.turns(port) == ["store_slow", "store_quick"]
        ),
        "it stays slow",
    )


def test_a_slow_cluster_sheds_what_it_cannot_serve_and_recovers(
    experiment: Experiment, apps: list[App]
) -> None:
    log, network = Log(experiment), network_of(experiment)
    ports = [port_of(experiment, shard.master) for shard in experiment.cluster.shards()]
    refused_before = refused_as_slow(experiment)

    network.delay(LATE_SECONDS, *(node.name for node in experiment.cluster.nodes()))
    with asking(apps, 3 * THREADS) as heard:
        await_that(
            lambda: all(log.turns(port) == ["store_slow"] for port in ports), "nobody notices"
        )
        await_that(lambda: refused_as_slow(experiment) > refused_before, "nobody is told to go")
        keys = requests.get(f"{experiment.world.servers[0]}/.well-known/jwks.json", timeout=30)
        assert keys.status_code == 200
    assert {one.outcome for one in heard} == {Outcome.DONE, Outcome.UNKNOWN}
    assert {one.status for one in heard} == {200, 503}

    network.delay(0)
    await_that(
        lambda: (
            all(app.ask().status == 200 for app in apps)
            and all(log.turns(port) == ["store_slow", "store_quick"] for port in ports)
        ),
        "it stays slow",
    )
