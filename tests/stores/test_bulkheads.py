"""One node that is silent does not take the threads from what the other nodes can answer."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from itertools import count

import pytest
from prometheus_client import REGISTRY
from redis.crc import key_slot

from authserver.local.node import Node
from oidc.errors import StoreUnavailable
from oidc.stores.redis.patience import SEATS
from tests.stores.conftest import MakeCluster, StoresOn
from tests.stores.people import Person

THREADS = 4
CALLS = 8
SLOTS = 16_384


def person_on(master: int, of: int) -> Person:
    """Return somebody whose slot the given master has."""
    for _ in count():
        person = Person()
        slot = key_slot(f"user:{{{person.bucket}}}".encode())
        if slot * of // SLOTS == master:
            return person
    raise AssertionError


def unavailable() -> float:
    return REGISTRY.get_sample_value("gatehouse_store_unavailable_total") or 0


@pytest.fixture
def hung(make_cluster: MakeCluster, stores_on: StoresOn) -> Iterator[Node]:
    """The first of three masters, frozen for this test."""
    cluster = make_cluster(3, 0)
    with stores_on(cluster.url):
        for master in range(3):
            person_on(master, 3).sign_in()
        node = cluster.nodes()[0]
        node.send_signal(signal.SIGSTOP)
        yield node
        node.send_signal(signal.SIGCONT)


def test_calls_to_other_nodes_go_on_while_some_wait_for_a_silent_one(hung: Node) -> None:
    before = unavailable()
    with ThreadPoolExecutor(THREADS) as server:
        stuck = [server.submit(person_on(0, 3).sign_in) for _ in range(CALLS)]
        others: list[Future[str]] = [
            server.submit(person_on(1 + number % 2, 3).sign_in) for number in range(CALLS)
        ]
        wait(others)
        waiting = [call for call in stuck if not call.done()]
        assert 0 < len(waiting) <= SEATS
        assert all(call.result() for call in others)
    refusals = [call.exception() for call in stuck]
    assert [type(refusal) for refusal in refusals] == [StoreUnavailable] * CALLS
    assert sum("too many wait" in str(refusal) for refusal in refusals) == CALLS - SEATS
    assert unavailable() - before == CALLS
