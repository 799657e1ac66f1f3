"""Masters that die, replicas that lag, clusters that go away and come back."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from redis.crc import key_slot

from authserver.local.cluster import LocalCluster
from authserver.local.node import Node
from oidc.errors import AlreadyUsed, StoreUnavailable
from oidc.stores.records import AuthorizationCode
from oidc.stores.redis import grants
from oidc.stores.redis.runner import EVERY_REPLICA, Cluster
from tests.stores.concurrency import all_at_once
from tests.stores.conftest import MakeCluster, StoresOn, shows_every_node
from tests.stores.damage import SECONDS, answers, frozen, wait_until
from tests.stores.people import IssuedCode, OpenGrant, Person, new_id
from tests.stores.scripts import COUNT, READ, WRITE


@pytest.fixture(scope="module")
def replicated(make_cluster: MakeCluster) -> LocalCluster:
    return make_cluster(masters=3, replicas=1)


def _master_and_replica(cluster: LocalCluster, key: str) -> tuple[Node, Node]:
    """Return the nodes that hold the slot of a key now."""
    slot, by_port = key_slot(key.encode()), {node.port: node for node in cluster.nodes()}
    alive = next(node for node in cluster.nodes() if node.answers())
    for first, last, master, *replicas in alive.client().execute_command("CLUSTER", "SLOTS"):
        if first <= slot <= last:
            return by_port[master[1]], by_port[replicas[0][1]]
    raise AssertionError("nobody holds the slot")


def _in_order(cluster: LocalCluster) -> bool:
    """Tell whether every slot has a master, and every master a replica that follows it."""
    nodes = cluster.nodes()
    if cluster.status().state != "ok" or not shows_every_node(cluster):
        return False
    replications = [node.client().info("replication") for node in nodes]
    masters = [r for r in replications if r["role"] == "master"]
    up = [r for r in replications if r.get("master_link_status") == "up"]
    return len(masters) == len(up) == 3 and all(r["connected_slaves"] == 1 for r in masters)


# --- Writes that no replica confirms ------------------------------------------------------------


def test_an_unconfirmed_write_fails_closed(
    replicated: LocalCluster, stores_on: StoresOn, person: Person
) -> None:
    with stores_on(replicated.url, redis_deadline_seconds=0.8):
        issued = person.issue(person.sign_in())
        master, replica = _master_and_replica(replicated, f"code:{{{person.bucket}}}:")
        with frozen(replica), pytest.raises(StoreUnavailable):
            issued.redeem("one request")
        wait_until(lambda: _in_order(replicated))
        assert issued.redeem("one request") == issued.code
        with pytest.raises(AlreadyUsed):
            issued.redeem("another")
        assert master.answers()


def test_an_unconfirmed_answer_of_somebody_else_fails_closed_too(
    replicated: LocalCluster, stores_on: StoresOn, person: Person
) -> None:
    """The same successor again within the grace stands on a write that is not confirmed yet."""
    with stores_on(replicated.url, redis_deadline_seconds=0.8):
        grant = person.open_grant()
        _, replica = _master_and_replica(replicated, f"grant:{{{person.bucket}}}:")
        with frozen(replica):
            for _ in range(2):
                with pytest.raises(StoreUnavailable):
                    grant.rotate(0)
            with pytest.raises(StoreUnavailable):
                grants.revoke(person.new_code("sid").handle, "client-1")
        wait_until(lambda: _in_order(replicated))
        assert grant.rotate(0).generation == 1


def test_reads_need_no_replica(
    replicated: LocalCluster, stores_on: StoresOn, person: Person
) -> None:
    with stores_on(replicated.url, redis_deadline_seconds=0.8):
        grant = person.open_grant()
        _, replica = _master_and_replica(replicated, f"grant:{{{person.bucket}}}:")
        with frozen(replica):
            assert grant.find() == grant.grant
    wait_until(lambda: _in_order(replicated))


def test_a_cluster_that_lost_its_replicas_still_waits_for_one(make_cluster: MakeCluster) -> None:
    pair = make_cluster(masters=1, replicas=1)
    master, replica = pair.nodes()
    cluster, key = Cluster(pair.url, deadline_seconds=0.8), new_id()
    assert cluster.run_script(WRITE, [key], ["a"], write=True) == "a"
    gone = replica.cluster("MYID")
    pair.kill(replica)
    master.cluster("FORGET", gone)
    cluster.topology.refresh().wait()
    assert len(master.client().execute_command("CLUSTER", "SLOTS")[0]) == 3  # the master alone
    with pytest.raises(StoreUnavailable):
        cluster.run_script(WRITE, [key], ["b"], write=True)


def test_every_replica_confirms_unless_the_cluster_has_given_it_up(
    make_cluster: MakeCluster,
) -> None:
    three = make_cluster(masters=1, replicas=2)
    master, replica, _ = three.nodes()
    strict, key = Cluster(three.url, wait_replicas=EVERY_REPLICA, deadline_seconds=0.8), new_id()
    assert strict.run_script(WRITE, [key], ["a"], write=True) == "a"
    master.client().config_set("cluster-node-timeout", 60_000)
    with frozen(replica):
        assert Cluster(three.url, wait_replicas=1).run_script(WRITE, [key], ["a"], write=True)
        with pytest.raises(StoreUnavailable):
            strict.run_script(WRITE, [key], ["b"], write=True)
        master.client().config_set("cluster-node-timeout", 500)
        wait_until(lambda: answers(lambda: strict.run_script(WRITE, [key], ["c"], write=True)))
    wait_until(lambda: shows_every_node(three))
    assert strict.topology.refresh().wait(SECONDS)
    assert strict.topology.replicas_of_slot(key_slot(key.encode())) == 2


def test_waiting_can_be_switched_off(replicated: LocalCluster) -> None:
    cluster, key = Cluster(replicated.url, wait_replicas=0, deadline_seconds=0.8), new_id()
    cluster.run_script(WRITE, [key], ["a"], write=True)
    _, replica = _master_and_replica(replicated, key)
    with frozen(replica):
        assert cluster.run_script(WRITE, [key], ["b"], write=True) == "b"
    wait_until(lambda: _in_order(replicated))


# --- A master dies ------------------------------------------------------------------------------


def _patiently(call: Callable[[], Any]) -> Any:
    """Call until the cluster answers."""
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            return call()
        except StoreUnavailable:
            assert time.monotonic() < deadline


class Redeeming:
    """Redeems code after code, each by three callers at once, until it is stopped."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.stopped = threading.Event()
        self.outcomes: list[tuple[IssuedCode, list[Any]]] = []

    def until_stopped(self) -> None:
        sid = self.person.sign_in()
        while not self.stopped.is_set():
            issued = _patiently(lambda: self.person.issue(sid, offline=True))
            self.outcomes.append((issued, all_at_once([issued.redeem] * 3)))

    def redeemed(self) -> int:
        return sum(
            any(isinstance(answer, AuthorizationCode) for answer in answers)
            for _, answers in list(self.outcomes)
        )


@pytest.mark.slow
def test_a_master_that_dies_in_the_middle_of_a_run_consumes_nothing_twice(
    replicated: LocalCluster, stores_on: StoresOn, person: Person
) -> None:
    with stores_on(replicated.url), ThreadPoolExecutor() as threads:
        grant, run = person.open_grant(), Redeeming(person)
        running = threads.submit(run.until_stopped)
        wait_until(lambda: run.redeemed() >= 50)
        master, replica = _master_and_replica(replicated, f"code:{{{person.bucket}}}:")
        generation = grant.rotate(0).generation
        replicated.kill(master)
        refreshing = threads.submit(_refresh_until_answered, grant, generation)
        wait_until(lambda: replica.client().info("replication")["role"] == "master")
        replicated.restart(master)  # its replica from now on
        redeemed = run.redeemed()
        wait_until(lambda: run.redeemed() >= redeemed + 50)
        run.stopped.set()
        running.result()

        for issued, answers in run.outcomes:
            successes = sum(isinstance(answer, AuthorizationCode) for answer in answers)
            assert successes <= 1
            assert all(
                isinstance(a, AuthorizationCode | AlreadyUsed | StoreUnavailable) for a in answers
            )
            if successes:
                with pytest.raises(AlreadyUsed):
                    issued.redeem("much later")
        # A refresh that waited out the fail-over, sent again and again, was no reuse.
        assert refreshing.result() == generation + 1
        assert grant.rotate(generation + 1).generation == generation + 2
    wait_until(lambda: _in_order(replicated))


def _refresh_until_answered(grant: OpenGrant, generation: int) -> int:
    """Refresh as a client does while the master is away: again and again with the same token."""
    return int(_patiently(lambda: grant.rotate(generation, "one request")).generation)


# --- Everything goes away -----------------------------------------------------------------------


def test_a_hung_cluster_is_unavailable_in_time_and_comes_back(replicated: LocalCluster) -> None:
    cluster, key = Cluster(replicated.url, deadline_seconds=1.0), new_id()
    assert cluster.run_script(COUNT, [key], [], write=True) == 1
    with frozen(*replicated.nodes()):
        started = time.monotonic()
        with pytest.raises(StoreUnavailable):
            cluster.run_script(READ, [key], ["a"], write=False)
        assert time.monotonic() - started < 2.0
    wait_until(lambda: _in_order(replicated))
    assert cluster.run_script(READ, [key], ["b"], write=False) == [key, "b"]


def test_a_cluster_that_comes_up_later_is_found(make_cluster: MakeCluster) -> None:
    lonely = make_cluster(masters=1, replicas=0)
    lonely.stop()
    cluster = Cluster(lonely.url, deadline_seconds=1.0)
    with pytest.raises(StoreUnavailable):
        cluster.run_script(READ, ["key"], ["a"], write=False)
    lonely.start()
    assert cluster.run_script(READ, ["key"], ["a"], write=False) == ["key", "a"]


def test_other_addresses_behind_the_same_name_are_found(
    make_cluster: MakeCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = make_cluster(masters=1, replicas=0), make_cluster(masters=1, replicas=0)
    behind_the_name = [first.nodes()[0].port]
    resolve = socket.getaddrinfo

    def getaddrinfo(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        if host == "redis.example":
            return resolve("127.0.0.1", behind_the_name[0], *args, **kwargs)
        return resolve(host, port, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    cluster = Cluster("redis://redis.example:6379")
    assert cluster.run_script(COUNT, ["key"], [], write=True) == 1
    commands = cluster.commands()
    assert commands.set("cached", "here")
    first.stop()
    behind_the_name[0] = second.nodes()[0].port
    assert cluster.run_script(COUNT, ["key"], [], write=True) == 1
    assert commands.get("cached") is None
    assert commands.set("cached", "there")


def test_an_outage_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    cluster = Cluster("redis://127.0.0.1:1", deadline_seconds=0.05)
    for _ in range(3):
        with pytest.raises(StoreUnavailable):
            cluster.run_script(READ, ["secret-key"], ["secret-argument"], write=False)
    assert caplog.text.count("store_unavailable") == 1
    assert "secret" not in caplog.text
