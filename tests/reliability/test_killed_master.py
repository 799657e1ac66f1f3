"""A local installation as `make run` starts it, and the worst that happens to it: `kill -9`."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from authserver.local.cluster import LocalCluster
from authserver.local.node import Node
from authserver.local.ports import free_base_port
from tests.reliability.lab.checker import check
from tests.reliability.lab.history import Kind, Outcome
from tests.reliability.lab.load import loaded
from tests.reliability.lab.waiting import await_that
from tests.reliability.lab.world import populate
from tests.support.server import install, running

MOST_SECONDS_WITHOUT_SERVICE = 12.0


@contextmanager
def supervised(cluster: LocalCluster) -> Iterator[None]:
    """Restart dead nodes at once, as the supervisor of `make run` does."""
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.2):
            cluster.restart_dead_nodes()

    supervisor = threading.Thread(target=watch)
    supervisor.start()
    try:
        yield
    finally:
        done.set()
        supervisor.join()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[LocalCluster]:
    made = LocalCluster(tmp_path / "cluster", base_port=free_base_port(6))
    made.start()
    yield made
    made.stop()


def masters_of(cluster: LocalCluster) -> list[Node]:
    ports = {status.port for status in cluster.status().nodes if status.role == "master"}
    return [node for node in cluster.nodes() if node.port in ports]


@pytest.mark.slow
def test_a_killed_master_signs_nobody_out_and_lets_nothing_through_twice(
    cluster: LocalCluster, tmp_path: Path
) -> None:
    issuer = f"http://localhost:{free_base_port(1)}"
    installation = install(tmp_path, issuer, cluster.url, LOG_LEVEL="WARNING")
    world = populate(installation, masters=3)
    with (
        running(installation.server()),
        supervised(cluster),
        loaded(world) as load,
    ):
        load.await_each(done=10)
        killed = masters_of(cluster)[0]
        killed_at = time.monotonic()
        killed.kill()
        load.await_each()
        assert time.monotonic() - killed_at < MOST_SECONDS_WITHOUT_SERVICE
        load.await_each(done=10)
        load.finish(lambda: await_that(lambda: cluster.status().state == "ok", "not whole again"))

    operations = load.operations()
    assert check(operations) == []
    done = {operation.kind for operation in operations if operation.outcome is Outcome.DONE}
    assert done >= {Kind.SIGN_IN, Kind.AUTHORIZE, Kind.REDEEM, Kind.REFRESH, Kind.READ}
