"""Back-channel logout by real workers, which are killed, and to apps that are down.

OpenID Connect Back-Channel Logout 1.0 section 2.5: at least once, whatever happens.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import jwt
import pytest

from tests.support.receiver import Receiver, receiving
from tests.support.server import Installation, Program, install

ISSUER = "http://localhost:8000"
WAIT_SECONDS = 40.0

ANNOUNCE = """
import json
from oidc.clients.service import create_client
from oidc.logout import outbox
for uri in {uris}:
    metadata = {{"redirect_uris": ["https://app.example/cb"], "backchannel_logout_uri": uri}}
    client = create_client("An app", "web", metadata=metadata).client
    outbox.announce("alice", [(f"sid-{{number}}", client.client_id) for number in range({count})])
print(json.dumps("announced"))
"""


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """An installation with an empty outbox."""
    directory = tmp_path_factory.mktemp("logout")
    installation = install(
        directory, ISSUER, os.environ["REDIS_URL"], GATEHOUSE_FETCH_PRIVATE_ADDRESSES="true"
    )
    installation.manage("migrate", "--verbosity", "0")
    return installation


@pytest.fixture
def installation(migrated: Installation) -> Iterator[Installation]:
    yield migrated
    with outbox_of(migrated) as outbox:
        outbox.execute("DELETE FROM oidc_logoutnotification")
        outbox.commit()


@contextmanager
def outbox_of(installation: Installation) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(installation.directory / "gatehouse.sqlite3")) as connection:
        yield connection


def announce(installation: Installation, count: int, *receivers: Receiver) -> None:
    """Write notifications for one client for each receiver into the outbox."""
    uris = json.dumps([receiver.uri for receiver in receivers])
    installation.run(ANNOUNCE.format(uris=uris, count=count))


def wait_until(
    installation: Installation, is_so: Callable[[list[tuple[str, int, str]]], bool]
) -> list[tuple[str, int, str]]:
    """Wait for a state of the outbox. Returns status, attempts and outcome of each notification."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        with outbox_of(installation) as outbox:
            query = "SELECT status, attempts, outcome FROM oidc_logoutnotification"
            rows = outbox.execute(query).fetchall()
        if is_so(rows):
            return rows
        assert time.monotonic() < deadline, rows
        time.sleep(0.05)


def nothing_is_pending(rows: list[tuple[str, int, str]]) -> bool:
    return all(status != "pending" for status, *_ in rows)


@contextmanager
def working(*workers: Program) -> Iterator[None]:
    for worker in workers:
        worker.start()
    try:
        yield
    finally:
        for worker in workers:
            worker.stop()


def sids(receiver: Receiver) -> list[str]:
    tokens = [delivery.token for delivery in receiver.deliveries]
    return [jwt.decode(each, options={"verify_signature": False})["sid"] for each in tokens]


@pytest.mark.slow
def test_an_app_that_is_down_for_four_deliveries_gets_the_fifth(
    installation: Installation,
) -> None:
    """Although the worker is killed after the second one."""
    with receiving(0, 503, 0, 500) as receiver:
        announce(installation, 1, receiver)
        first, second = installation.worker(), installation.worker()
        with working(first):
            wait_until(installation, lambda rows: rows[0][1:] == (2, "status 503"))
            first.kill()
        with working(second):
            rows = wait_until(installation, nothing_is_pending)
    assert rows == [("delivered", 5, "status 200")]
    assert sids(receiver) == ["sid-0"] * 5
    pauses = [
        later.at - earlier.at
        for earlier, later in zip(receiver.deliveries, receiver.deliveries[1:], strict=False)
    ]
    assert pauses[3] > pauses[0]


@pytest.mark.slow
def test_nothing_is_lost_with_a_worker_that_is_killed_in_the_middle(
    installation: Installation,
) -> None:
    with receiving() as slow, receiving() as quick:
        slow.let_go.clear()
        announce(installation, 12, slow, quick)
        first, second = installation.worker(), installation.worker()
        with working(first):
            slow.wait_for(2)
            first.kill()
        slow.let_go.set()
        with working(second):
            rows = wait_until(installation, nothing_is_pending)
    assert [status for status, *_ in rows] == ["delivered"] * 24
    for receiver in (slow, quick):
        assert set(sids(receiver)) == {f"sid-{number}" for number in range(12)}


@pytest.mark.slow
def test_two_workers_share_the_work_and_do_none_of_it_twice(installation: Installation) -> None:
    with receiving() as one, receiving() as two, receiving() as three:
        announce(installation, 20, one, two, three)
        with working(installation.worker(), installation.worker()):
            rows = wait_until(installation, nothing_is_pending)
        receivers = (one, two, three)
        assert [len(each.deliveries) for each in receivers] == [20, 20, 20]
    assert rows == [("delivered", 1, "status 200")] * 60


def test_a_worker_that_is_asked_to_stop_ends_what_it_has_begun(installation: Installation) -> None:
    with receiving() as receiver:
        receiver.let_go.clear()
        announce(installation, 1, receiver)
        with working(installation.worker()):
            receiver.wait_for(1)
            threading.Timer(0.5, receiver.let_go.set).start()
        with outbox_of(installation) as outbox:
            [row] = outbox.execute("SELECT status FROM oidc_logoutnotification").fetchall()
    assert row == ("delivered",)
