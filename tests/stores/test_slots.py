"""What nodes say about slots, and what becomes of the map when they say something else."""

from __future__ import annotations

from threading import Thread
from typing import Any

import pytest

from oidc.stores.redis import survey
from oidc.stores.redis import topology as topology_module
from oidc.stores.redis.connection import ConnectionBroken, NodeConnection, ReplyError
from oidc.stores.redis.slots import SLOTS, Place, Range, read_redirect, read_slots
from oidc.stores.redis.topology import Topology

A, B, C, D = (Place(host, 6379) for host in "abcd")
HALF = SLOTS // 2


def spoken(place: Place) -> list[Any]:
    return [place.host, place.port, f"id of {place.host}", []]


class Nodes:
    """Nodes by what each answers; who has no answer is gone."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def connect(self, place: Place) -> NodeConnection:
        node = self

        class Connection:
            def exchange(self, packet: bytes, count: int) -> list[Any]:
                node.asked.append(place.host)
                if place.host not in node.answers:
                    raise ConnectionBroken("gone")
                return [node.answers[place.host]]

            def close(self) -> None:
                pass

        connection: Any = Connection()
        return connection  # type: ignore[no-any-return]

    def topology(self, *seeds: Place) -> Topology:
        topology = Topology(seeds or [A], self.connect)
        topology.refresh().wait()
        return topology


def two_shards(first: Place = A, second: Place = B, *replicas: Place) -> list[Any]:
    """Return an answer: the replicas are those of the first half."""
    return [
        [HALF, SLOTS - 1, spoken(second)],
        [0, HALF - 1, spoken(first), *map(spoken, replicas)],
    ]


def master(topology: Topology, slot: int) -> str:
    return topology.node_of_slot(slot).partition(":")[0]


def test_ranges_have_an_order_of_their_own() -> None:
    read = read_slots(two_shards(A, B, D, C), A)
    assert read == (Range(0, HALF - 1, A, (C, D)), Range(HALF, SLOTS - 1, B, ()))
    assert read == read_slots(two_shards(A, B, C, D)[::-1], B)


@pytest.mark.parametrize("host", ["", None])
def test_a_node_that_does_not_know_its_host_is_the_one_asked(host: str | None) -> None:
    [one] = read_slots([[0, SLOTS - 1, [host, 7000, "id"]]], A)
    assert one.master == Place("a", 7000)


def test_a_redirect_names_slot_and_node() -> None:
    assert read_redirect("3999 b:6379", A) == (3999, B)
    assert read_redirect("3999 ::1:6379", A) == (3999, Place("::1", 6379))
    assert read_redirect("3999 :6379", A) == (3999, A)


def test_a_map_leads_from_every_slot_to_its_master() -> None:
    topology = Nodes(a=two_shards(A, B, C)).topology()
    assert [master(topology, slot) for slot in (0, HALF - 1, HALF, SLOTS - 1)] == list("aabb")
    assert (topology.replicas_of_slot(0), topology.replicas_of_slot(HALF)) == (1, 0)
    assert topology.masters == [A, B]
    assert topology.has_replicas
    assert topology.slots_without_master() == 0


def test_who_knows_all_slots_is_believed_before_who_knows_some() -> None:
    part = [[0, 9, spoken(C)]]
    topology = Nodes(a=part, b=[], c=two_shards()).topology(A, B, C)
    assert master(topology, 0) == "a"
    topology = Nodes(a=part, b=[]).topology(A, B)
    assert master(topology, 9) == "c"
    assert master(topology, 10) == ""
    assert topology.slots_without_master() == SLOTS - 10


@pytest.mark.parametrize("host", ["a", "b", "c"])
def test_a_node_that_did_not_answer_is_asked_last(host: str) -> None:
    nodes = Nodes(**{host: two_shards(A, B, C) for host in "abc"})
    topology = nodes.topology()
    del nodes.answers[host]
    read_until_asked(nodes, topology, host)
    nodes.asked.clear()
    read_often(topology)
    assert host not in nodes.asked


def test_a_node_that_leaves_others_without_an_answer_is_asked_last() -> None:
    nodes = Nodes(**{host: two_shards(A, B, C) for host in "abc"})
    topology = nodes.topology()
    pool = topology.pool_of_slot(HALF)
    assert pool
    read_until_asked(nodes, topology, "b")
    pool.note_trouble("silent", was_silent=True)
    nodes.asked.clear()
    read_often(topology)
    assert "b" not in nodes.asked


def test_trouble_is_forgotten_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is asked last is not asked while others answer: it could not show that it is well."""
    nodes = Nodes(**{host: two_shards(A, B, C) for host in "abc"})
    topology = nodes.topology()
    pool = topology.pool_of_slot(HALF)
    assert pool
    pool.note_trouble("silent", was_silent=True)
    answer = nodes.answers.pop("c")
    read_until_asked(nodes, topology, "c")
    nodes.answers["c"] = answer
    for module in (survey, topology_module):
        monkeypatch.setattr(module, "TROUBLE_SECONDS", 0.0)
    read_until_asked(nodes, topology, "b")
    read_until_asked(nodes, topology, "c")


def read_until_asked(nodes: Nodes, topology: Topology, host: str) -> None:
    nodes.asked.clear()
    for _ in range(1000):
        topology.refresh().wait()
        if host in nodes.asked:
            return
    pytest.fail(f"{host} is never asked")


def read_often(topology: Topology) -> None:
    for _ in range(50):
        topology.refresh().wait()


def test_seeds_are_asked_when_all_nodes_are_gone() -> None:
    nodes = Nodes(d=two_shards(A, B))
    topology = nodes.topology(D)
    nodes.answers["d"] = two_shards(C, B)
    topology.refresh().wait()
    assert master(topology, 0) == "c"


def test_the_reason_is_kept_where_nobody_knows_any_slots() -> None:
    refused = Nodes(a=ReplyError("NOAUTH Who are you?")).topology()
    assert refused.last_error == "a:6379: NOAUTH Who are you?"
    assert Nodes().topology().last_error == "a:6379: gone"
    assert Nodes(a=[]).topology().last_error == "no node holds any slots"


def test_what_cannot_be_read_is_a_reason_too_and_passes() -> None:
    nodes = Nodes(a=[["a", "b"]])
    topology = nodes.topology()
    assert topology.last_error.startswith("ValueError: ")
    nodes.answers["a"] = two_shards()
    topology.refresh().wait()
    assert topology.last_error == ""
    assert master(topology, 0) == "a"


def test_who_finds_no_thread_to_ask_tries_again(monkeypatch: pytest.MonkeyPatch) -> None:
    topology = Topology([A], Nodes(a=two_shards()).connect)

    def start(_: Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(Thread, "start", start)
        assert topology.refresh().wait(0)
        assert topology.last_error == "can't start new thread"
    topology.refresh().wait()
    assert master(topology, 0) == "a"


def test_a_replica_that_has_taken_over_takes_all_slots() -> None:
    nodes = Nodes(a=two_shards(A, B, C))
    topology = nodes.topology()
    asked = topology.pool_of_slot(7)
    assert asked
    nodes.answers.clear()
    topology.move_slot("7 c:6379", asked)
    assert [master(topology, slot) for slot in (0, 7, HALF - 1, HALF)] == list("cccb")


def test_a_slot_that_moved_takes_no_others_with_it() -> None:
    nodes = Nodes(a=two_shards(A, B, C))
    topology = nodes.topology()
    asked = topology.pool_of_slot(HALF)
    assert asked
    nodes.answers.clear()
    topology.move_slot(f"{HALF} a:6379", asked)
    topology.move_slot(f"{HALF + 1} d:6379", asked)
    assert [master(topology, HALF + n) for n in range(3)] == ["a", "d", "b"]
    assert topology.replicas_of_slot(HALF) == 1, "those of its new master"


def test_a_redirect_that_nobody_else_confirms_is_forgotten() -> None:
    """Also where the answer is the same as before it."""
    nodes = Nodes(a=two_shards(A, B, C))
    topology = nodes.topology()
    asked = topology.pool_of_slot(0)
    assert asked
    topology.move_slot("0 c:6379", asked)
    topology.refresh().wait()
    topology.refresh().wait()
    assert master(topology, 0) == "a"


def test_the_same_answer_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """While a shard is away, the map is read many times a second."""
    nodes = Nodes(a=two_shards(A, B, C), b=two_shards(A, B, C)[::-1])
    topology = nodes.topology()
    shards = topology._shards
    topology.refresh().wait()
    assert topology._shards is shards
    nodes.answers = {"a": two_shards(A, B), "b": two_shards(A, B)}
    topology.refresh().wait()
    assert topology.replicas_of_slot(0) == 0
    assert topology.has_replicas, "once seen, they stay required"


def test_pools_of_nodes_that_are_gone_are_closed() -> None:
    nodes = Nodes(a=two_shards(A, B))
    topology = nodes.topology()
    old = topology.pool_of_slot(HALF)
    nodes.answers["a"] = two_shards(A, C)
    nodes.answers["b"] = two_shards(A, C)
    topology.refresh().wait()
    nodes.answers["a"] = nodes.answers["b"] = two_shards(A, B)
    topology.refresh().wait()
    assert old is not topology.pool_of_slot(HALF)
