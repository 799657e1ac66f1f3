"""One node that is silent does not take the threads from what the other nodes can answer."""

from __future__ import annotations

import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from itertools import count

import pytest
from prometheus_client import REGISTRY
from redis.connection import Connection
from redis.crc import key_slot

from authserver.local.node import Node
from oidc.clients import waiting as clients
from oidc.errors import StoreUnavailable
from oidc.stores.redis import patience
from oidc.stores.redis.cluster import cluster
from oidc.stores.redis.connection import NodeConnection
from oidc.stores.redis.counters import counters
from oidc.stores.redis.patience import (
    SEATS,
    SEATS_FOR_A_MOMENT,
    SEATS_FOR_ONE,
    Patience,
    waiting_rooms,
)
from oidc.stores.redis.pool import CONNECTIONS_PER_NODE, MOST_WAITING, NodePool
from oidc.stores.redis.slots import Place
from oidc.stores.redis.status import check_cluster
from oidc.stores.redis.unavailable import NodeOverloaded
from oidc.waiting_room import THREADS
from tests.reliability.lab.waiting import await_that
from tests.stores.conftest import MakeCluster, StoresOn
from tests.stores.people import HOUR, Person

CALLS = 2 * THREADS
SLOTS = 16_384
MANY = 100


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


@contextmanager
def frozen(node: Node) -> Iterator[None]:
    """Freeze a node whose neighbours have been asked before, so that connections are open."""
    for master in range(3):
        person_on(master, 3).sign_in()
    cluster().commands()
    node.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        node.send_signal(signal.SIGCONT)


@pytest.fixture
def hung(make_cluster: MakeCluster, stores_on: StoresOn) -> Iterator[Node]:
    """The first of three masters, frozen for this test."""
    cluster = make_cluster(3, 0)
    node = cluster.nodes()[0]
    with stores_on(cluster.url), frozen(node):
        yield node


def test_a_node_has_some_threads_and_never_all_before_anybody_knows_that_it_hangs(
    make_cluster: MakeCluster, stores_on: StoresOn
) -> None:
    """Whoever has met it first is kept until a time-out; here, that takes for ever."""
    masters = make_cluster(3, 0)
    refused = unavailable("slow")
    with ThreadPoolExecutor(THREADS) as server:
        with (
            stores_on(f"{masters.url}?socket_timeout={HOUR}"),
            frozen(masters.nodes()[0]),
        ):
            stuck = [server.submit(person_on(0, 3).sign_in) for _ in range(CALLS)]
            others = [
                server.submit(person_on(1 + number % 2, 3).sign_in) for number in range(CALLS)
            ]
            assert all(call.result() for call in others)
            await_that(
                lambda: sum(not call.done() for call in stuck) <= CONNECTIONS_PER_NODE,
                "more wait than are with the node",
            )
            waiting = [call for call in stuck if not call.done()]
            assert len(waiting) == CONNECTIONS_PER_NODE < THREADS
            assert unavailable("slow") - refused == CALLS - CONNECTIONS_PER_NODE
        assert all(call.result() for call in waiting)


def test_calls_to_other_nodes_go_on_while_some_wait_for_a_silent_one(hung: Node) -> None:
    turned_away = unavailable("too_many_waiting") + unavailable("slow")
    no_answer = unavailable("no_answer")
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
    assert all(isinstance(refusal, StoreUnavailable) for refusal in refusals)
    assert sum("too many wait" in str(refusal) for refusal in refusals) == CALLS - SEATS_FOR_ONE
    turned_away = unavailable("too_many_waiting") + unavailable("slow") - turned_away
    assert turned_away == CALLS - SEATS_FOR_ONE
    assert unavailable("no_answer") - no_answer == SEATS_FOR_ONE


def test_a_node_known_to_be_silent_is_asked_by_a_few_alone(
    hung: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asks is kept until the time-out."""
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


def test_each_silent_node_has_seats_and_some_threads_never_wait_for_long() -> None:
    room = waiting_rooms().lasting
    assert [room.enter("a") for _ in range(SEATS_FOR_ONE + 1)] == [True] * SEATS_FOR_ONE + [False]
    assert [room.enter("b") for _ in range(SEATS)].count(True) == SEATS - SEATS_FOR_ONE
    assert SEATS + clients.SEATS < THREADS
    room.leave("a")
    assert room.enter("b")


def test_for_a_moment_more_may_wait_and_then_a_few_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    rooms = waiting_rooms()
    with ExitStack() as calls:
        monkeypatch.setattr(patience, "MOMENT_SECONDS", HOUR)
        callers = [calls.enter_context(Patience(HOUR, rooms)) for _ in range(THREADS)]
        for caller in callers[:SEATS_FOR_A_MOMENT]:
            caller.wait("moving", "a")
        for caller in callers[SEATS_FOR_A_MOMENT:]:
            with pytest.raises(StoreUnavailable, match="too many wait already: moving"):
                caller.wait("moving", "b")
        monkeypatch.setattr(patience, "MOMENT_SECONDS", 0)
        for caller in callers[:SEATS_FOR_ONE]:
            caller.wait("gone", "a")
        with pytest.raises(StoreUnavailable, match="too many wait already: gone"):
            callers[SEATS_FOR_ONE].wait("gone", "a")
        left = SEATS_FOR_A_MOMENT - SEATS_FOR_ONE - 1
        seats = [rooms.brief.enter("a") for _ in range(SEATS_FOR_A_MOMENT)]
        assert seats.count(True) == SEATS_FOR_A_MOMENT - left, "who has gone on has left its seat"
    assert [rooms.lasting.enter("a") for _ in range(SEATS_FOR_ONE)] == [True] * SEATS_FOR_ONE


def new_pool() -> NodePool:
    return NodePool(Place("a", 1), make=lambda: NodeConnection(Connection()), limit=1)


def test_who_finds_no_connection_waits_as_long_as_the_node_answers_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    node = new_pool()
    held = node.acquire(HOUR)
    turns = iter(range(MANY))

    def turn(_: float) -> None:
        node.quiet_since = time.monotonic()
        if next(turns) == MANY - 1:
            node.release(held)

    monkeypatch.setattr(node._freed, "wait", turn)
    assert node.acquire(HOUR) is held
    assert list(turns) == []


def test_who_finds_no_connection_is_told_when_the_node_answers_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    node = new_pool()
    held = node.acquire(HOUR)
    with pytest.raises(NodeOverloaded):
        node.acquire(HOUR)
    monkeypatch.setattr("oidc.stores.redis.pool._TURN_SECONDS", HOUR)
    with pytest.raises(NodeOverloaded):
        node.acquire(HOUR)  # at once
    node.release(held)
    assert node.acquire(HOUR) is held


@pytest.mark.parametrize(("silent_before", "watched"), [(0.0, 10), (0.02, 8), (HOUR, 7)])
def test_silence_before_one_waits_counts_and_some_is_watched(
    silent_before: float, watched: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the machine stands still, all nodes seem to be silent."""
    node, now, turns = new_pool(), time.monotonic(), []
    node.acquire(HOUR)
    monkeypatch.setattr("oidc.stores.redis.pool.time.monotonic", lambda: now)
    monkeypatch.setattr(node._freed, "wait", turns.append)
    node.quiet_since = now - silent_before - 0.005
    with pytest.raises(NodeOverloaded):
        node.acquire(HOUR)
    assert len(turns) == watched


def test_a_rest_is_no_silence() -> None:
    node = NodePool(Place("a", 1), make=lambda: NodeConnection(Connection()), limit=2)
    assert node.quiet_since == 0
    first = node.acquire(HOUR)
    asked = node.quiet_since
    assert asked > 0
    node.acquire(HOUR)
    assert node.quiet_since == asked
    node.release(first)
    node.acquire(HOUR)
    assert node.quiet_since == asked, "the other call is still without an answer"


def test_a_few_wait_for_a_node_from_which_no_answer_comes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("oidc.stores.redis.pool._TURNS", HOUR)
    node = new_pool()
    held = node.acquire(HOUR)

    def call() -> None:
        node.release(node.acquire(HOUR))

    with ThreadPoolExecutor(THREADS) as server:
        calls = [server.submit(call) for _ in range(MOST_WAITING + 2)]
        await_that(lambda: sum(call.done() for call in calls) == 2, "all of them wait")
        assert all(isinstance(call.exception(), NodeOverloaded) for call in calls if call.done())
        node.release(held)
        assert sum(call.exception() is None for call in calls) == MOST_WAITING
    assert CONNECTIONS_PER_NODE + MOST_WAITING < THREADS


def test_a_moment_is_granted_to_a_node_and_not_to_each_caller(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    node = NodePool(Place("a", 1), make=lambda: NodeConnection(Connection()))
    monkeypatch.setattr("oidc.stores.redis.pool.MOMENT_SECONDS", HOUR)
    node.note_trouble("refused", was_silent=False)
    assert node.lasting_trouble() == ""
    monkeypatch.setattr("oidc.stores.redis.pool.MOMENT_SECONDS", 0)
    assert node.lasting_trouble() == "refused"


def test_silence_has_lasted_for_long_enough() -> None:
    node = NodePool(Place("a", 1), make=lambda: NodeConnection(Connection()))
    node.note_trouble("silent", was_silent=True)
    assert node.lasting_trouble() == "silent"
