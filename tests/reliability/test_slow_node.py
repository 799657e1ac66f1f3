"""A node that answers late has a few threads of a server; others are served as ever."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

import pytest
import requests

from oidc.stores.redis.slowness import SLOW_SECONDS
from oidc.waiting_room import THREADS
from tests.reliability.lab.client import Client
from tests.reliability.lab.experiment import Bench, Experiment, Setting
from tests.reliability.lab.history import Operation, Outcome
from tests.reliability.lab.holdings import Family
from tests.reliability.lab.network import ProxiedCluster
from tests.reliability.lab.waiting import await_that

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("faults")]

LATE_SECONDS = 2 * SLOW_SECONDS
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
def asking(app: App, callers: int) -> Iterator[list[Operation]]:
    """Let many ask at the same time, again and again. Yields what they hear."""
    heard: list[Operation] = []
    over = threading.Event()

    def ask() -> None:
        while not over.wait(PAUSE_SECONDS):
            heard.append(app.ask())

    with ThreadPoolExecutor(callers) as pool:
        calls = [pool.submit(ask) for _ in range(callers)]
        try:
            yield heard
        finally:
            over.set()
    for call in calls:
        call.result()


def turns(experiment: Experiment, port: int) -> list[str]:
    """Return what the server's log says about how quick reads at a node are."""
    lines = [json.loads(line) for line in experiment.servers[0].log().splitlines() if "{" in line]
    return [
        line["event"]
        for line in lines
        if line.get("calls") == "reads" and str(line["node"]).endswith(f":{port}")
    ]


def test_a_slow_node_sheds_what_it_cannot_serve_and_slows_nobody_else(bench: Bench) -> None:
    setting = Setting(masters=3, replicas=1, wait=1, partitioned=True, node_timeout_ms=5000)
    with bench.experiment(setting) as experiment:
        cluster = experiment.cluster
        assert isinstance(cluster, ProxiedCluster)
        shard = experiment.choose_shard()
        [struck] = [int(name.rpartition("-")[2]) - 1 for name in experiment.struck]
        apps = [App(experiment, number) for number in range(len(experiment.world.people))]
        port = cluster.network.base_port + cluster.nodes().index(shard.master)

        cluster.network.delay(LATE_SECONDS, shard.master.name)
        with asking(apps[struck], 2 * THREADS) as heard:
            await_that(lambda: any(one.status == 503 for one in heard), "nobody is told to go")
            elsewhere = [app for app in apps if app is not apps[struck]]
            answers = [app.ask() for app in elsewhere for _ in range(MANY)]
            assert {answer.outcome for answer in answers} == {Outcome.DONE}
            await_that(lambda: turns(experiment, port) == ["store_slow"], "nobody notices")
        assert {one.outcome for one in heard} == {Outcome.DONE, Outcome.UNKNOWN}
        assert {one.status for one in heard} == {200, 503}
        metrics = requests.get(f"{experiment.world.servers[0]}/metrics", timeout=30).text
        assert 'gatehouse_store_unavailable_total{reason="slow"}' in metrics

        cluster.network.delay(0)
        await_that(
            lambda: (
                apps[struck].ask().status == 200
                and turns(experiment, port) == ["store_slow", "store_quick"]
            ),
            "it stays slow",
        )
