"""Finding clients: from memory for seconds, never longer than a change in this process."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import InterfaceError, OperationalError

from accounts.short_memory import ShortMemory
from oidc.clients.record import Client
from oidc.clients.repository import cache, find_client
from oidc.clients.service import (
    create_client,
    delete_client,
    disable_client,
    enable_client,
    rotate_secret,
    update_client,
)
from oidc.conf import configuration
from oidc.errors import StoreUnavailable
from oidc.models import access
from oidc.models.access import reading
from oidc.models.client import OAuthClient

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def empty_cache() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def row() -> OAuthClient:
    return create_client("Job", "machine", metadata={"scope": "api"}).client


def test_the_second_look_needs_no_sql(row: OAuthClient, django_assert_num_queries) -> None:
    with django_assert_num_queries(1):
        first = find_client(row.client_id)
    with django_assert_num_queries(0):
        assert find_client(row.client_id) is first


def test_a_record_is_read_anew_after_its_time(row: OAuthClient) -> None:
    first = find_client(row.client_id)
    OAuthClient.objects.filter(pk=row.pk).update(scope="elsewhere")  # as another process would
    assert find_client(row.client_id) is first
    cache._entries[row.client_id] = (time.monotonic(), cache._entries[row.client_id][1])
    again = find_client(row.client_id)
    assert again is not None and again.scope == ("elsewhere",)


def test_a_record_lives_for_the_configured_time(row: OAuthClient) -> None:
    before = time.monotonic()
    find_client(row.client_id)
    seconds = configuration().client_cache_seconds
    assert before + seconds <= cache._entries[row.client_id][0] <= time.monotonic() + seconds


def test_a_change_is_seen_at_once(row: OAuthClient) -> None:
    find_client(row.client_id)
    update_client(row, {"scope": "other"})
    found = find_client(row.client_id)
    assert found is not None and found.scope == ("other",)
    new = str(rotate_secret(row).client_secret)
    found = find_client(row.client_id)
    assert found is not None and found.check_client_secret(new)


def test_disabled_and_deleted_clients_are_gone_at_once(row: OAuthClient) -> None:
    find_client(row.client_id)
    disable_client(row)
    assert find_client(row.client_id) is None
    enable_client(row)
    assert find_client(row.client_id) is not None
    delete_client(row)
    assert find_client(row.client_id) is None


@pytest.mark.django_db(transaction=True)
def test_a_read_during_a_change_does_not_outlive_it() -> None:
    row = create_client("Job", "machine").client
    with transaction.atomic():
        update_client(row, {"scope": "other"})
        stale = Client(row.client_id, "Job", "machine", "client_secret_basic")
        # Another thread, which sees the old row.
        cache.keep(stale.client_id, stale, 60, changes=cache.changes)
    found = find_client(row.client_id)
    assert found is not None and found.scope == ("other",)


def test_a_read_that_was_overtaken_by_a_change_is_not_kept() -> None:
    record = Client("a", "A", "web", "none")
    small: ShortMemory[Client] = ShortMemory()
    changes = small.changes
    small.forget("a")
    small.keep("a", record, 60, changes=changes)
    assert small.find("a") is None
    small.keep("a", record, 60, changes=small.changes)
    assert small.find("a") is record


def test_unknown_ids_are_not_remembered() -> None:
    for number in range(50):
        assert find_client(f"unknown-{number}") is None
    assert not cache._entries


@pytest.mark.parametrize("client_id", ["", "a\x00b", "a b", "ü", "a" * 256, "a\n", "\ud800"])
def test_ids_that_cannot_be_cost_no_sql(client_id: str, django_assert_num_queries) -> None:
    with django_assert_num_queries(0):
        assert find_client(client_id) is None


def test_the_cache_is_bounded_and_drops_the_oldest() -> None:
    small: ShortMemory[Client] = ShortMemory(most_values=3)
    for client_id in ("a", "b", "c", "a", "d"):
        small.keep(client_id, Client(client_id, "A", "web", "none"), 60, changes=small.changes)
    assert small.find("b") is None
    assert all(small.find(client_id) for client_id in ("a", "c", "d"))


def test_a_record_that_is_read_anew_pushes_out_no_other() -> None:
    small: ShortMemory[Client] = ShortMemory(most_values=3)
    for client_id in ("a", "b", "c", "b"):
        small.keep(client_id, Client(client_id, "A", "web", "none"), 60, changes=small.changes)
    assert all(small.find(client_id) for client_id in ("a", "b", "c"))


def test_many_threads_share_the_cache() -> None:
    small: ShortMemory[Client] = ShortMemory(most_values=4)
    failures: list[BaseException] = []

    def work(seed: int) -> None:
        try:
            for turn in range(2_000):
                client_id = str((seed + turn) % 7)
                found = small.find(client_id)
                assert found is None or found.client_id == client_id
                client = Client(client_id, "A", "web", "none")
                small.keep(client_id, client, 60, changes=small.changes)
                if turn % 13 == 0:
                    small.forget(client_id)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert len(small._entries) <= 4


def test_a_hit_is_cheap(row: OAuthClient) -> None:
    find_client(row.client_id)
    best = min(_seconds_for_1000_hits(row.client_id) for _ in range(20))
    assert best / 1000 < 2e-6


def _seconds_for_1000_hits(client_id: str) -> float:
    started = time.perf_counter()
    for _ in range(1000):
        find_client(client_id)
    return time.perf_counter() - started


# --- reading() ----------------------------------------------------------------------------------


def test_reading_keeps_the_connection_of_a_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[bool] = []
    monkeypatch.setattr(connections["default"], "close", lambda: closed.append(True))
    monkeypatch.setattr(connections["default"], "close_at", time.monotonic() - 1)
    with transaction.atomic(), reading():
        assert OAuthClient.objects.count() == 0
    assert not closed


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """What was closed of a connection that is past its age, and that was not trusted lately."""
    OAuthClient.objects.count()
    closed: list[bool] = []
    monkeypatch.setattr(connections["default"], "close", lambda: closed.append(True))
    monkeypatch.setattr(connections["default"], "close_at", time.monotonic() - 1)
    distrust(connections["default"])
    return closed


def distrust(connection: BaseDatabaseWrapper) -> None:
    setattr(connection, access._TRUSTED_UNTIL, 0.0)


@pytest.mark.django_db(transaction=True)
def test_reading_drops_a_connection_past_its_age(closed: list[bool]) -> None:
    with reading():
        assert closed == [True]


@pytest.mark.django_db(transaction=True)
def test_reading_trusts_a_connection_for_a_moment(
    closed: list[bool],
) -> None:
    with reading(), reading():
        assert closed == [True]
    distrust(connections["default"])
    with reading():
        assert closed == [True, True]


@pytest.mark.django_db(transaction=True)
def test_the_trust_belongs_to_the_connection_whoever_uses_it(
    closed: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Threads share connections: one that a thread has checked says nothing of another one."""
    other = connections.create_connection("default")
    other.ensure_connection()
    monkeypatch.setattr(other, "close", lambda: closed.append(True))
    monkeypatch.setattr(other, "close_at", time.monotonic() - 1)
    mine = connections["default"]
    with reading():
        assert closed == [True]
    connections["default"] = other
    try:
        with reading():
            assert closed == [True, True]
    finally:
        connections["default"] = mine


@pytest.mark.django_db(transaction=True)
def test_reading_drops_a_connection_that_failed(closed: list[bool]) -> None:
    with pytest.raises(StoreUnavailable), reading():
        raise OperationalError("gone")
    assert closed == [True, True]


@pytest.mark.parametrize("failure", [OperationalError, InterfaceError])
def test_a_database_that_does_not_answer_is_unavailable(failure: type[Exception]) -> None:
    with pytest.raises(StoreUnavailable), reading():
        raise failure("gone")


def test_other_errors_pass() -> None:
    with pytest.raises(KeyError), reading():
        raise KeyError("x")
