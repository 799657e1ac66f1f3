"""Django's cache on the cluster."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django_redis import get_redis_connection
from redis.exceptions import RedisClusterException

from authserver.cache import LONGEST_SECONDS
from oidc.conf import configuration
from oidc.errors import StoreUnavailable
from oidc.stores.redis import browser_sessions
from oidc.stores.redis.cluster import cluster
from oidc.stores.redis.commands import CommandCluster, Commands
from oidc.stores.redis.runner import Cluster
from tests.reliability.lab.waiting import await_that
from tests.stores.concurrency import all_at_once
from tests.stores.conftest import StoresOn
from tests.stores.people import new_id
from tests.stores.scripts import READ

pytestmark = pytest.mark.xdist_group("cache")
"""One after the other: some forget all that is cached on the cluster, for whomever."""


@pytest.fixture
def name() -> Iterator[str]:
    return new_id()


def test_set_get_delete(name: str) -> None:
    assert cache.get(name, "default") == "default"
    cache.set(name, {"a": [1, "é"]}, 10)
    assert cache.get(name) == {"a": [1, "é"]}
    assert name in cache
    assert cache.delete(name) is True
    assert cache.delete(name) is False
    assert cache.get(name) is None


def test_add_lets_one_through(name: str) -> None:
    answers = all_at_once([lambda: cache.add(name, 1, 10)] * 16)
    assert answers.count(True) == 1
    assert answers.count(False) == 15


def test_many_keys_in_many_slots(name: str) -> None:
    members = {f"{name}-{n}": n for n in range(50)}
    assert cache.set_many(members, 10) in (None, [])
    assert cache.get_many([*members, f"{name}-none"]) == members
    assert cache.delete_many(members) == 50
    assert cache.get_many(members) == {}
    assert cache.get_many([]) == {}


def test_counting(name: str) -> None:
    with pytest.raises(ValueError, match="not found"):
        cache.incr(name)
    cache.set(name, 1, 10)
    answers = all_at_once([lambda: cache.incr(name)] * 16)
    assert sorted(answers) == list(range(2, 18))
    assert cache.decr(name, 7) == 10
    assert 0 < cache.ttl(name) <= 10
    assert cache.incr(f"{name}-new", ignore_key_check=True) == 1
    assert cache.ttl(f"{name}-new") > 0


def test_touch_and_get_or_set(name: str) -> None:
    assert cache.touch(name, 10) is False
    assert cache.get_or_set(name, lambda: 7, 10) == 7
    assert cache.get_or_set(name, lambda: 8, 10) == 7
    assert cache.touch(name, 100) is True
    assert 10 < cache.ttl(name) <= 100


def test_for_ever_has_an_end(name: str) -> None:
    cache.set(name, 1, None)
    assert 0 < cache.ttl(name) <= LONGEST_SECONDS
    cache.set(name, 1, 10)
    assert cache.touch(name, None) is True
    assert 10 < cache.ttl(name) <= LONGEST_SECONDS
    assert cache.persist(name)
    assert 10 < cache.ttl(name) <= LONGEST_SECONDS
    cache.set_many({name: 2}, None)
    assert 10 < cache.ttl(name) <= LONGEST_SECONDS
    cache.add(f"{name}-added", 2, None)
    assert 10 < cache.ttl(f"{name}-added") <= LONGEST_SECONDS


def test_versions_are_apart(name: str) -> None:
    cache.set(name, 1, 10)
    assert cache.incr_version(name) == 2
    assert cache.get(name) is None
    assert cache.get(name, version=2) == 1
    assert cache.ttl(name, version=2) > 0


def test_patterns_reach_all_nodes(name: str) -> None:
    for n in range(30):
        cache.set(f"{name}-{n}", n, 10)
    assert sorted(cache.keys(f"{name}-*")) == sorted(f"{name}-{n}" for n in range(30))
    assert cache.delete_pattern(f"{name}-1*") == 11
    assert len(cache.keys(f"{name}-*")) == 19


def test_clear_forgets_the_cache_and_nothing_else(name: str) -> None:
    cache.set(name, 1, 10)
    cache.set(name, 1, 10, version=2)
    browser_sessions.create(name, {"user": "alice"}, 10)
    cache.clear()
    assert cache.get(name) is None
    assert cache.get(name, version=2) is None
    assert browser_sessions.load(name) == {"user": "alice"}


def test_it_is_the_cluster_of_the_stores(redis: Any) -> None:
    assert get_redis_connection("default") is redis


def _all_replicas_are_known() -> bool:
    topology = cluster().topology
    topology.refresh().wait()
    return len(topology.nodes) == 2 * len(topology.masters)


def test_a_client_that_does_not_know_its_way_asks_again(name: str) -> None:
    client: Any = cluster().commands()
    cache.set(name, 1, 10)
    await_that(_all_replicas_are_known, "a replica does not show itself")
    await_that(cluster()._commands._is_up_to_date, "it is not told what the nodes say")
    client.nodes_manager.slots_cache = {}
    assert cache.get(name) == 1


def test_a_cache_that_cannot_be_had_is_one_event_and_no_outage_of_the_stores(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: Any) -> CommandCluster:
        raise RedisClusterException("not today")

    caplog.set_level("INFO")
    mine = Cluster(configuration().redis_url, deadline_seconds=0.1)
    with monkeypatch.context() as patch:
        patch.setattr(Commands, "_connect", refuse)
        mine.topology.refresh().wait()
        for _ in range(3):
            with pytest.raises(StoreUnavailable, match="not today"):
                mine.commands()
            assert mine.run_script(READ, ["key"], ["a"], write=False) == ["key", "a"]
    assert caplog.text.count("cache_unavailable") == 1
    assert "store_unavailable" not in caplog.text
    mine.topology.refresh().wait()
    await_that(lambda: "cache_available" in caplog.text, "it is not told that it is there again")
    assert mine.commands().ping()


def test_an_unreachable_cluster_is_never_an_empty_cache(stores_on: StoresOn) -> None:
    calls = [
        lambda: cache.get("a"),
        lambda: cache.set("a", 1),
        lambda: cache.add("a", 1),
        lambda: cache.get_many(["a", "b"]),
        lambda: cache.incr("a"),
        lambda: cache.delete("a"),
        lambda: cache.touch("a"),
        cache.clear,
    ]
    with stores_on("redis://127.0.0.1:1", redis_deadline_seconds=0.1):
        started = time.monotonic()
        for call in calls:
            with pytest.raises(StoreUnavailable):
                call()
        assert time.monotonic() - started < 3
