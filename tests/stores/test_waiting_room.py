"""A node that does not answer must not take all threads of a server with it."""

from __future__ import annotations

import time

import pytest

from oidc.errors import StoreUnavailable
from oidc.stores.redis.patience import SEATS_FOR_ONE
from oidc.stores.redis.runner import Cluster
from tests.stores.concurrency import all_at_once
from tests.stores.scripts import READ

DEADLINE_SECONDS = 1.5
CALLERS = 4 * SEATS_FOR_ONE


@pytest.fixture
def nowhere() -> Cluster:
    return Cluster("redis://127.0.0.1:1", deadline_seconds=DEADLINE_SECONDS)


def _seconds_until_unavailable(cluster: Cluster) -> float:
    started = time.monotonic()
    with pytest.raises(StoreUnavailable):
        cluster.run_script(READ, ["key"], ["a"], write=False)
    return time.monotonic() - started


def test_a_few_wait_until_the_deadline_and_the_others_are_told_early(nowhere: Cluster) -> None:
    waited = all_at_once([lambda: _seconds_until_unavailable(nowhere)] * CALLERS)
    patient = [seconds for seconds in waited if seconds > DEADLINE_SECONDS * 2 / 3]
    assert len(patient) == SEATS_FOR_ONE


def test_a_seat_is_free_again_afterwards(nowhere: Cluster) -> None:
    for _ in range(SEATS_FOR_ONE + 1):
        assert _seconds_until_unavailable(nowhere) > DEADLINE_SECONDS * 2 / 3
