"""One node that is silent does not take the threads from what the other nodes can answer."""

from __future__ import annotations

import signal
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from itertools import count

import pytest
from prometheus_client import REGISTRY
from redis.connection import Connection
from redis.crc import key_slot

from authserver.local.node import Node
from oidc.errors import StoreUnavailable
from oidc.stores.redis.cluster import cluster
from oidc.stores.redis.connection import NodeConnection
from oidc.stores.redis.counters import counters
from oidc.stores.redis.pool import NodePool
from oidc.stores.redis.status import check_cluster
from oidc.waiting_room import SEATS, SEATS_FOR_ONE, WaitingRoom
from tests.reliability.lab.waiting import await_that
from tests.stores.conftest import MakeCluster, StoresOn
from tests.stores.people import HOUR, Person

THREADS = 4
CALLS = 8
SLOTS = 16_384


def slot_of(person: Person) -> int:
    """Return the slot of all that somebody leaves behind."""
    return key_slot(f"user:{{{person.bucket}}}".encode())


def person_on(master: int, of: int) -> Person:
    """Return somebody whose slot the given master has."""
    for _ in count():
        person = Person()
        if slot_of(person) * of // SLOTS == master:
            return person
    raise AssertionError


def unavailable(reason: str) -> float:
    return REGISTRY.get_sample_value("gatehouse_store_unavailable_total", {"reason": reason}) or 0


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
    too_many, no_answer = unavailable("too_many_waiting"), unavailable("no_answer")
    with ThreadPoolExecutor(THREADS) as server:
        stuck = [server.submit(person_on(0, 3).sign_in) for _ in range(CALLS)]
        others: list[Future[str]] = [
            server.submit(person_on(1 + number % 2, 3).sign_in) for number in range(CALLS)
        ]
        wait(others)
        assert all(call.result() for call in others)
        await_that(
            lambda: sum(not call.done() for call in stuck) <= SEATS_FOR_ONE,
            "more wait than there are seats",
        )
    refusals = [call.exception() for call in stuck]
    assert [type(refusal) for refusal in refusals] == [StoreUnavailable] * CALLS
    assert sum("too many wait" in str(refusal) for refusal in refusals) == CALLS - SEATS_FOR_ONE
    assert unavailable("too_many_waiting") - too_many == CALLS - SEATS_FOR_ONE
    assert unavailable("no_answer") - no_answer == SEATS_FOR_ONE


def test_a_node_known_to_be_silent_is_asked_by_a_few_alone(
    hung: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asks is kept until the time-out: a quarter of the server for half a second."""
    asking: Counter[int] = Counter()
    acquire = NodePool.acquire

    def counted(pool: NodePool, timeout_seconds: float) -> NodeConnection:
        asking[threading.get_ident()] += 1
        return acquire(pool, timeout_seconds)

    monkeypatch.setattr(NodePool, "acquire", counted)
    with ThreadPoolExecutor(THREADS) as server:
        stuck = [server.submit(person_on(0, 3).sign_in) for _ in range(SEATS_FOR_ONE)]
        await_that(lambda: min(asking.values(), default=0) > 1 and len(asking) == len(stuck), "")
        with pytest.raises(StoreUnavailable, match="too many wait"):
            person_on(0, 3).sign_in()
        assert threading.get_ident() not in asking
        sent = counters.round_trips
        with pytest.raises(StoreUnavailable, match="too many wait"):
            cluster().commands().get(f"cache:{{{person_on(0, 3).bucket}}}")
        assert counters.round_trips == sent
        with pytest.raises(StoreUnavailable, match=f":{hung.port} does not answer"):
            check_cluster()  # it has no seat and needs none
        assert person_on(1, 3).sign_in()
        assert not any(call.done() for call in stuck)


def test_each_silent_node_has_seats_and_one_thread_never_waits() -> None:
    room = WaitingRoom()
    assert [room.enter("a") for _ in range(SEATS_FOR_ONE + 1)] == [True] * SEATS_FOR_ONE + [False]
    assert [room.enter("b") for _ in range(SEATS_FOR_ONE)] == [True, False]
    assert SEATS < THREADS
    room.leave("a")
    assert room.enter("b")


def test_a_moment_is_granted_to_a_node_and_not_to_each_caller(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    node = NodePool("a", make=lambda: NodeConnection(Connection()))
    monkeypatch.setattr("oidc.stores.redis.pool.MOMENT_SECONDS", HOUR)
    node.note_trouble("refused", was_silent=False)
    assert node.lasting_trouble() == ""
    monkeypatch.setattr("oidc.stores.redis.pool.MOMENT_SECONDS", 0)
    assert node.lasting_trouble() == "refused"


def test_silence_has_lasted_for_long_enough() -> None:
    node = NodePool("a", make=lambda: NodeConnection(Connection()))
    node.note_trouble("silent", was_silent=True)
    assert node.lasting_trouble() == "silent"
