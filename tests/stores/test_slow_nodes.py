"""A node that is merely slow does not gather all threads of a server either."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from oidc.errors import StoreUnavailable
from oidc.stores.redis import slowness
from oidc.stores.redis.cluster import cluster
from oidc.stores.redis.connection import NodeConnection
from oidc.stores.redis.patience import SEATS_FOR_ONE
from oidc.stores.redis.pool import NodePool
from oidc.stores.redis.slowness import QUICK_SECONDS, SLOW_SECONDS, Slowness
from tests.stores.conftest import MakeCluster, StoresOn
from tests.stores.people import Person
from tests.stores.test_bulkheads import person_on, slot_of, unavailable

HELD = "held"
MANY = 100


def turns(of: Slowness, seconds: list[float], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the log lines that calls of so many seconds cause."""
    with capture_logs() as lines:
        monkeypatch.setattr(slowness, "log", structlog.get_logger())
        for each in seconds:
            of.note(each)
    return [line["event"] for line in lines]


def test_one_line_when_a_node_becomes_slow_and_one_when_it_is_quick(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    node = Slowness("a", "reads")
    slow, quick = [2 * SLOW_SECONDS] * MANY, [QUICK_SECONDS / 2] * MANY
    assert turns(node, quick, monkeypatch) == []
    assert turns(node, [2 * SLOW_SECONDS, *quick], monkeypatch) == [], "one call is not a habit"
    assert turns(node, slow, monkeypatch) == ["store_slow"]
    between = [(SLOW_SECONDS + QUICK_SECONDS) / 2] * MANY
    assert turns(node, between, monkeypatch) == [], "neither: it stays as it is"
    assert node.is_slow
    assert turns(node, quick, monkeypatch) == ["store_quick"]
    assert not node.is_slow


@pytest.fixture
def masters(make_cluster: MakeCluster, stores_on: StoresOn) -> Iterator[None]:
    with stores_on(make_cluster(3, 0).url):
        yield


def pool_of(person: Person) -> NodePool:
    pool = cluster().topology.pool_of_slot(slot_of(person))
    assert pool is not None
    return pool


def test_a_slow_node_keeps_a_few_and_tells_the_others_at_once(
    masters: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrived, go_on = threading.Semaphore(0), threading.Event()
    exchange = NodeConnection.exchange

    def slowly(connection: NodeConnection, packet: bytes, count: int) -> list[Any]:
        if threading.current_thread().name.startswith(HELD):
            arrived.release()
            assert go_on.wait(60)
        return exchange(connection, packet, count)

    monkeypatch.setattr(NodeConnection, "exchange", slowly)
    person = person_on(0, 3)
    assert person.sign_in()
    calls = pool_of(person).slowness[0]  # without replicas nothing is waited for
    for _ in range(MANY):
        calls.note(2 * SLOW_SECONDS)
    shed = unavailable("slow")
    with ThreadPoolExecutor(SEATS_FOR_ONE, thread_name_prefix=HELD) as server:
        waiting = [server.submit(person_on(0, 3).sign_in) for _ in range(SEATS_FOR_ONE)]
        for _ in waiting:
            assert arrived.acquire(timeout=60)
        for _ in range(MANY):
            with pytest.raises(StoreUnavailable, match="too many wait already: the node is slow"):
                person.sign_in()
        assert unavailable("slow") - shed == MANY
        assert person_on(1, 3).sign_in()
        go_on.set()
        assert all(call.result() for call in waiting)
    for _ in range(MANY):
        person.sign_in()
    assert not calls.is_slow, "quick answers count"
