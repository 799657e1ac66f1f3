"""What every test of the stores has: somebody, and a way to the keys behind the stores."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import override_settings

from authserver.local.cluster import LocalCluster
from authserver.local.node import Node
from authserver.local.ports import free_base_port
from oidc.stores.redis.cluster import cluster
from tests.stores.people import Person

MakeCluster = Callable[..., LocalCluster]
StoresOn = Callable[..., AbstractContextManager[None]]


@pytest.fixture
def person() -> Person:
    return Person()


@pytest.fixture
def redis() -> Any:
    """The commands of the cluster, for looking behind a store."""
    return cluster().commands()


@pytest.fixture(scope="module")
def make_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeCluster]:
    """Start clusters that a test may damage; they are gone after the module."""
    started: list[LocalCluster] = []

    def make(masters: int, replicas: int) -> LocalCluster:
        directory: Path = tmp_path_factory.mktemp("cluster")
        made = LocalCluster(
            directory,
            masters,
            replicas,
            base_port=free_base_port(masters * (1 + replicas)),
            appendonly=False,
            node_timeout_ms=1000,
        )
        started.append(made)
        made.start()
        _wait_for_replicas(made)
        return made

    yield make
    for made in started:
        made.stop()


def _wait_for_replicas(made: LocalCluster) -> None:
    """Wait until every node tells clients of every replica, which it does once one got a byte."""
    for node in made.nodes():
        node.client().config_set("repl-ping-replica-period", 1)
    deadline = time.monotonic() + 20
    while not shows_every_node(made):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def shows_every_node(cluster: LocalCluster) -> bool:
    """Tell whether a client learns of every node, whichever it asks."""
    nodes = cluster.nodes()
    return all(_nodes_shown_by(node) == len(nodes) for node in nodes)


def _nodes_shown_by(node: Node) -> int:
    ranges: Any = node.client().execute_command("CLUSTER", "SLOTS")
    return len({tuple(address[:2]) for one in ranges for address in one[2:]})


@pytest.fixture
def stores_on() -> StoresOn:
    """Let all stores use another cluster for a while."""

    @contextmanager
    def use(url: str, **changes: Any) -> Iterator[None]:
        with override_settings(GATEHOUSE={**settings.GATEHOUSE, "redis_url": url, **changes}):
            yield

    return use
