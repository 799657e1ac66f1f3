"""Slots that move from node to node while they are used. Spec: Redis Cluster, live resharding."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import pytest
from redis.crc import key_slot

from authserver.local.cluster import LocalCluster
from authserver.local.node import Node
from oidc.errors import AlreadyUsed, NotFound, StoreError
from oidc.stores.records import AuthorizationCode, Rotation
from oidc.stores.redis import sign_ons
from oidc.stores.redis.counters import counters
from oidc.stores.redis.keys import code_key, grant_key, not_before_key, sid_key, user_key
from oidc.stores.redis.runner import Cluster
from tests.stores.concurrency import all_at_once
from tests.stores.conftest import MakeCluster, StoresOn
from tests.stores.people import Person, new_id
from tests.stores.scripts import COUNT


class Move:
    """A slot on its way from one master to the other."""

    def __init__(self, nodes: list[Node], slot: int) -> None:
        self.slot = slot
        owners = [node for node in nodes if slot in _slots_of(node)]
        [self.source] = owners
        [self.target] = [node for node in nodes if node not in owners]
        self.nodes = nodes

    def begin(self) -> None:
        self.target.cluster("SETSLOT", self.slot, "IMPORTING", self.source.cluster("MYID"))
        self.source.cluster("SETSLOT", self.slot, "MIGRATING", self.target.cluster("MYID"))

    def move(self, *keys: str) -> None:
        """Move these keys, or all that are left."""
        moving: Any = keys or self.source.cluster("GETKEYSINSLOT", self.slot, 10_000)
        if moving:
            self.source.client().migrate("127.0.0.1", self.target.port, list(moving), 0, 5000)

    def end(self) -> None:
        self.move()
        for node in (self.target, self.source):
            node.cluster("SETSLOT", self.slot, "NODE", self.target.cluster("MYID"))


def _slots_of(node: Node) -> set[int]:
    me = node.cluster("MYID")
    owned: set[int] = set()
    for first, last, master, *_ in node.client().execute_command("CLUSTER", "SLOTS"):
        if master[2] == me:
            owned.update(range(first, last + 1))
    return owned


@pytest.fixture(scope="module")
def two_masters(make_cluster: MakeCluster) -> LocalCluster:
    return make_cluster(masters=2, replicas=0)


@pytest.fixture
def person_on(two_masters: LocalCluster, stores_on: StoresOn) -> Iterator[Person]:
    with stores_on(two_masters.url):
        yield Person()


def _move_of(two_masters: LocalCluster, key: str) -> Move:
    return Move(two_masters.nodes(), key_slot(key.encode()))


def test_ask_is_followed_for_a_key_that_has_gone(two_masters: LocalCluster) -> None:
    cluster, key = Cluster(two_masters.url), new_id()
    stays = f"{new_id()}:{{{key}}}"
    move = _move_of(two_masters, key)
    assert cluster.run_script(COUNT, [key], [], write=True) == 1
    assert cluster.run_script(COUNT, [stays], [], write=True) == 1
    move.begin()
    try:
        move.move(key)
        before = counters.round_trips
        assert cluster.run_script(COUNT, [key], [], write=True) in (2,)
        assert counters.round_trips - before <= 3  # ASK, perhaps NOSCRIPT, the answer
        assert cluster.run_script(COUNT, [stays], [], write=True) == 2
        fresh = f"{new_id()}:{{{key}}}"
        assert cluster.run_script(COUNT, [fresh], [], write=True) == 1
    finally:
        move.end()
    assert cluster.run_script(COUNT, [stays], [], write=True) == 3
    assert cluster.run_script(COUNT, [fresh], [], write=True) == 2


def test_moved_is_followed_and_remembered(two_masters: LocalCluster) -> None:
    cluster, key = Cluster(two_masters.url), new_id()
    assert cluster.run_script(COUNT, [key], [], write=True) == 1
    move = _move_of(two_masters, key)
    move.begin()
    move.end()
    for count, most_round_trips in ((2, 3), (3, 1), (4, 1)):
        before = counters.round_trips
        assert cluster.run_script(COUNT, [key], [], write=True) == count
        assert counters.round_trips - before <= most_round_trips


@pytest.mark.parametrize("moved", ["session", "code", "not-before"])
def test_a_redemption_waits_for_a_slot_on_its_way_and_changes_nothing_before(
    two_masters: LocalCluster, person_on: Person, moved: str
) -> None:
    """Keys of one person may be apart for a moment: no half of the truth may decide."""
    person = person_on
    sid = person.sign_in()
    issued = person.issue(sid)
    keys = {
        "session": sid_key(person.bucket, sid),
        "code": code_key(person.bucket, issued.code_hash),
        "not-before": not_before_key(person.bucket, person.user_id),
    }
    move = _move_of(two_masters, keys["code"])
    gone = [] if moved == "not-before" else [keys[moved]]
    assert _answer_after(move, gone, issued.redeem) == issued.code
    with pytest.raises(AlreadyUsed):
        issued.redeem()


@pytest.mark.parametrize("gone", ["grant", "session", "index", "nothing"])
def test_a_grant_and_its_session_apart_do_not_look_signed_out(
    two_masters: LocalCluster, person_on: Person, gone: str
) -> None:
    sid = person_on.sign_in()
    grant = person_on.open_grant(sid, offline=False)
    keys = {
        "grant": [grant_key(person_on.bucket, grant.handle.grant_id)],
        "session": [sid_key(person_on.bucket, sid)],
        "index": [user_key(person_on.bucket, person_on.user_id)],
        "nothing": [],
    }
    move = _move_of(two_masters, keys["grant"][0])
    assert _answer_after(move, keys[gone], lambda: grant.rotate(0)) == Rotation(grant.grant, 1)
    assert grant.rotate(1).generation == 2


def test_a_grant_ahead_of_not_before_does_not_look_alive(
    two_masters: LocalCluster, person_on: Person
) -> None:
    grant = person_on.open_grant(offline=True)
    sign_ons.end_all(person_on.user_id)
    key = grant_key(person_on.bucket, grant.handle.grant_id)
    answer = _answer_after(_move_of(two_masters, key), [key], grant.find)
    assert isinstance(answer, NotFound)


def _answer_after(move: Move, gone: list[str], call: Callable[[], Any]) -> Any:
    """Move these keys, make a call, see it wait, move the rest. Returns the call's answer."""
    move.begin()
    try:
        if gone:
            move.move(*gone)
        with ThreadPoolExecutor() as thread:
            before, answer = counters.retries, thread.submit(_answer, call)
            while counters.retries < before + 3:
                assert not answer.done()
                wait([answer], timeout=0.01)
            move.end()
            return answer.result()
    finally:
        move.end()


def _answer(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except StoreError as error:
        return error


def test_no_double_consumption_while_a_slot_moves(
    two_masters: LocalCluster, person_on: Person
) -> None:
    person = person_on
    sid = person.sign_in()
    all_issued = [person.issue(sid, offline=True) for _ in range(60)]
    move = _move_of(two_masters, sid_key(person.bucket, sid))
    done = threading.Event()

    def migrate() -> None:
        move.begin()
        for key in move.source.cluster("GETKEYSINSLOT", move.slot, 1000):
            move.move(key)
        move.end()
        done.set()

    migration = threading.Thread(target=migrate)
    successes = []
    for n, issued in enumerate(all_issued):
        if n == 10:
            migration.start()
        answers = all_at_once([issued.redeem] * 3)
        successes.append(sum(isinstance(answer, AuthorizationCode) for answer in answers))
        assert all(isinstance(answer, AuthorizationCode | AlreadyUsed) for answer in answers)
    migration.join()
    assert done.is_set()
    assert successes == [1] * len(all_issued)
