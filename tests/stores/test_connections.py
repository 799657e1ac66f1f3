"""Connections: lent to one call at a time, clean when they come back, never shared by a fork."""

from __future__ import annotations

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from prometheus_client import REGISTRY

from authserver.local.cluster import LocalCluster
from oidc.errors import StoreUnavailable
from oidc.stores.redis import cluster as owner
from oidc.stores.redis.connection import ConnectionBroken, NodeConnection, ReplyError
from oidc.stores.redis.counters import counters
from oidc.stores.redis.pool import NodePool
from oidc.stores.redis.runner import Cluster
from oidc.stores.redis.script import Script
from oidc.stores.redis.slots import Place
from tests.stores.conftest import MakeCluster
from tests.stores.people import Person, new_id
from tests.stores.scripts import READ, WRITE


@pytest.fixture(scope="module")
def lonely(make_cluster: MakeCluster) -> LocalCluster:
    """The smallest cluster: one node that owns all slots."""
    return make_cluster(masters=1, replicas=0)


def test_the_smallest_cluster_works_and_waits_for_no_replica(lonely: LocalCluster) -> None:
    cluster = Cluster(lonely.url)
    assert cluster.run_script(WRITE, ["key"], ["value"], write=True) == "value"


def test_a_late_reply_never_reaches_another_call(lonely: LocalCluster) -> None:
    cluster = Cluster(lonely.url, deadline_seconds=2)
    assert cluster.run_script(READ, ["key"], ["warm"], write=False) == ["key", "warm"]
    [node] = lonely.nodes()
    node.send_signal(signal.SIGSTOP)
    try:
        with pytest.raises(StoreUnavailable):
            cluster.run_script(READ, ["key"], ["late"], write=False)
    finally:
        node.send_signal(signal.SIGCONT)
    node.wait_until_ready()
    for n in range(20):
        assert cluster.run_script(READ, ["key"], [f"call {n}"], write=False) == ["key", f"call {n}"]


def test_a_connection_that_waited_in_vain_is_closed_before_anybody_else_has_it(
    lonely: LocalCluster,
) -> None:
    cluster = Cluster(lonely.url)
    cluster.run_script(READ, ["key"], ["warm"], write=False)
    pool = cluster.topology.pool_of_slot(0)
    assert pool is not None
    connection = pool.acquire(1)
    [node] = lonely.nodes()
    node.send_signal(signal.SIGSTOP)
    try:
        with pytest.raises(ConnectionBroken):
            connection.exchange(READ.pack(["key"], ["late"]), 1)
    finally:
        node.send_signal(signal.SIGCONT)
    node.wait_until_ready()
    assert connection.exchange(READ.pack(["key"], ["mine"]), 1) == [["key", "mine"]]


def test_a_reply_too_many_breaks_the_connection(lonely: LocalCluster) -> None:
    cluster = Cluster(lonely.url)
    cluster.run_script(READ, ["key"], ["warm"], write=False)
    pool = cluster.topology.pool_of_slot(0)
    assert pool is not None
    connection = pool.acquire(1)
    two_commands = READ.pack(["key"], ["one"]) + READ.pack(["key"], ["two"])
    for _ in range(20):  # until both replies arrive together
        try:
            assert connection.exchange(two_commands, 1) == [["key", "one"]]
        except ConnectionBroken:
            break
        connection.close()
    else:
        pytest.fail("an unread reply stayed unnoticed")
    assert connection.exchange(READ.pack(["key"], ["mine"]), 1) == [["key", "mine"]]


def test_the_reply_to_a_posted_command_reaches_nobody(lonely: LocalCluster) -> None:
    cluster = Cluster(lonely.url)
    for n in range(20):
        assert cluster.run_script(READ, ["key"], [f"call {n}"], write=False) == ["key", f"call {n}"]
        cluster.post("APPEND", "posted", "x")
        cluster.post("NO-SUCH-COMMAND", "posted")
    cluster.run_script(WRITE, ["key"], ["value"], write=True)
    assert lonely.nodes()[0].client().strlen("posted") == 20
    lonely.nodes()[0].client().delete("posted")


def test_many_threads_each_get_their_own_reply(lonely: LocalCluster) -> None:
    cluster = Cluster(lonely.url)

    def call(n: int) -> bool:
        return bool(cluster.run_script(READ, ["key"], [n], write=True) == ["key", str(n)])

    with ThreadPoolExecutor(32) as threads:
        assert all(threads.map(call, range(2000)))


def test_an_unknown_script_is_sent_whole_once(lonely: LocalCluster) -> None:
    cluster = Cluster(lonely.url)
    script = Script("new", f"#!lua flags=no-writes\nreturn '{new_id()}'")
    answer = cluster.run_script(script, ["key"], [], write=False)
    for round_trips in (1, 1):
        before = counters.round_trips
        assert cluster.run_script(script, ["key"], [], write=False) == answer
        assert counters.round_trips - before == round_trips
    lonely.nodes()[0].client().script_flush()
    before = counters.round_trips
    assert cluster.run_script(script, ["key"], [], write=False) == answer
    assert counters.round_trips - before == 2


def test_an_error_in_a_script_is_a_defect_and_leaves_a_clean_connection(
    lonely: LocalCluster,
) -> None:
    cluster = Cluster(lonely.url)
    wrong = Script("wrong", "#!lua\nreturn redis.call('NO-SUCH-COMMAND', KEYS[1])")
    for _ in range(3):
        with pytest.raises(ReplyError):
            cluster.run_script(wrong, ["key"], [], write=True)
        assert cluster.run_script(READ, ["key"], ["a"], write=True) == ["key", "a"]


def test_a_full_node_is_unavailable_for_writes_and_answers_reads(lonely: LocalCluster) -> None:
    cluster = Cluster(lonely.url)
    admin = lonely.nodes()[0].client()
    cluster.run_script(WRITE, ["key"], ["value"], write=True)
    admin.config_set("maxmemory", "1")
    refusals = _refused_writes()
    try:
        with pytest.raises(StoreUnavailable, match="OOM"):
            cluster.run_script(WRITE, ["key"], ["value"], write=True)
        assert _refused_writes() == refusals + 1
        assert cluster.run_script(READ, ["key"], ["a"], write=False) == ["key", "a"]
    finally:
        admin.config_set("maxmemory", "0")
    assert cluster.run_script(WRITE, ["key"], ["value"], write=True) == "value"


def _refused_writes() -> float:
    name = "gatehouse_store_unavailable_total"
    return REGISTRY.get_sample_value(name, {"reason": "no_writes"}) or 0


def test_a_node_that_closed_our_connections_is_used_again(lonely: LocalCluster) -> None:
    cluster = Cluster(lonely.url)
    cluster.run_script(READ, ["key"], ["a"], write=False)
    lonely.nodes()[0].client().client_kill_filter(_type="normal", skipme=True)
    assert cluster.run_script(READ, ["key"], ["b"], write=False) == ["key", "b"]


def test_a_pool_lends_no_more_than_its_limit() -> None:
    made: list[str] = []

    def make() -> NodeConnection:
        made.append("connection")
        return NodeConnection.__new__(NodeConnection)

    pool = NodePool(Place("node", 1), make, limit=2)
    first, second = pool.acquire(1), pool.acquire(1)
    with pytest.raises(ConnectionBroken):
        pool.acquire(0.01)
    threading.Timer(0.05, pool.release, [second]).start()
    assert pool.acquire(5) is second
    pool.release(first)
    assert pool.acquire(1) is first
    assert len(made) == 2


def test_a_child_process_uses_connections_of_its_own() -> None:
    person = Person()
    sid = person.sign_in()
    parents = owner.cluster()
    child = os.fork()
    if child == 0:  # no assertion may leave the child: it would run the parent's tests
        try:
            person.issue(sid).redeem()
            os._exit(0 if owner.cluster() is not parents else 2)
        except BaseException:
            os._exit(1)
    for _ in range(20):
        assert person.issue(sid).redeem()
    assert os.waitpid(child, 0)[1] == 0
    assert owner.cluster() is parents


def test_nobody_answers_until_the_deadline_then_unavailable() -> None:
    cluster = Cluster("redis://127.0.0.1:1", deadline_seconds=0.3)
    started = time.monotonic()
    with pytest.raises(StoreUnavailable):
        cluster.run_script(READ, ["key"], ["a"], write=False)
    assert 0.1 < time.monotonic() - started < 1.5
