"""What is gone is said only by a node that is the master beyond doubt.

A master that nobody follows any more, because it was cut off or replaced, does not know what was
stored elsewhere since. Whoever believed it would sign people out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from authserver.local.cluster import LocalCluster
from oidc.errors import NotFound, SessionEnded, StoreUnavailable
from oidc.stores.redis import browser_sessions, codes, grants, interactions, sign_ons
from oidc.stores.redis.counters import counters
from oidc.stores.redis.fence import _beside
from tests.stores.conftest import MakeCluster, StoresOn
from tests.stores.damage import frozen, wait_until
from tests.stores.people import CLIENT, HOUR, Person, new_id

Step = Callable[[], Any]


def _denials() -> dict[str, tuple[Step, object]]:
    """Return calls about what is not there, and how that is said."""
    person, key = Person(), new_id()
    grant, code = person.open_grant(), person.new_code("never-started")
    grants.revoke(grant.handle, CLIENT)
    return {
        "codes.redeem": (code.redeem, NotFound),
        "codes.issue": (lambda: codes.issue(code.handle, "hash", code.code, 60), SessionEnded),
        "grants.find": (grant.find, NotFound),
        "grants.require": (grant.require, NotFound),
        "grants.rotate": (lambda: grant.rotate(0), NotFound),
        "sign_ons.find": (lambda: sign_ons.find(person.user_id, "another"), SessionEnded),
        "interactions.find": (lambda: interactions.find(key), NotFound),
        "interactions.consume": (lambda: interactions.consume(key, request_id="r"), NotFound),
        "browser_sessions.load": (lambda: browser_sessions.load(key), None),
        "browser_sessions.save": (lambda: browser_sessions.save(key, {}, HOUR), False),
    }


def _said_by(step: Step) -> object:
    try:
        return step()
    except (NotFound, SessionEnded, StoreUnavailable) as error:
        return type(error)


@pytest.fixture(scope="module")
def pair(make_cluster: MakeCluster) -> LocalCluster:
    return make_cluster(masters=1, replicas=1)


@pytest.fixture
def stores(pair: LocalCluster, stores_on: StoresOn) -> Iterator[None]:
    with stores_on(pair.url, redis_deadline_seconds=0.5):
        yield


def test_a_master_that_nobody_follows_denies_nothing(pair: LocalCluster, stores: None) -> None:
    denials = _denials()
    expected = {name: said for name, (_, said) in denials.items()}
    assert {name: _said_by(step) for name, (step, _) in denials.items()} == expected
    with frozen(pair.nodes()[1]):
        said = {name: _said_by(step) for name, (step, _) in denials.items()}
    assert said == dict.fromkeys(denials, StoreUnavailable)
    wait_until(lambda: _said_by(denials["grants.find"][0]) is NotFound)


def test_a_denial_costs_one_round_trip_more(stores: None) -> None:
    for step, _ in _denials().values():
        _said_by(step)
    taken = {}
    for name, (step, _) in _denials().items():
        before = counters.round_trips
        _said_by(step)
        taken[name] = counters.round_trips - before
    assert taken == dict.fromkeys(taken, 2)


@pytest.mark.parametrize(
    ("key", "fence"),
    [("grant:{abc}:1", "fence:{abc}"), ("replay:abc", "fence:{replay:abc}")],
)
def test_a_fence_stands_in_the_slot_of_its_key(key: str, fence: str) -> None:
    assert _beside(key) == fence
