"""The outbox: nothing is lost, and nobody keeps the others waiting."""

from __future__ import annotations

import time
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from oidc.clients.service import disable_client, update_client
from oidc.errors import StoreUnavailable
from oidc.logout import delivery, ending, outbox
from oidc.logout.delivery import MOST_AT_ONCE, Deliveries
from oidc.models import LogoutNotification
from oidc.stores.records import SignOn
from oidc.stores.redis import sign_ons
from tests.support.receiver import receiving

NOBODY = Counter[str]()


def announce(client: Any, *sids: str) -> None:
    outbox.announce("alice", [(sid, client.client_id) for sid in sids])


def the_one() -> LogoutNotification:
    return LogoutNotification.objects.get()


def work() -> None:
    deliveries = Deliveries()
    while deliveries.step(5):
        pass
    deliveries.finish()


# --- Written before the session ends --------------------------------------------------------------


def test_it_is_written_before_the_session_ends(
    new_client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = new_client()
    session = SignOn("sid-1", "alice", 0, (client.client_id,))
    monkeypatch.setattr(sign_ons, "find", lambda *_: session)

    def end(*_: str) -> None:
        assert the_one().status == "pending"
        raise StoreUnavailable("down")

    monkeypatch.setattr(sign_ons, "end", end)
    with pytest.raises(StoreUnavailable):
        ending.end_session("alice", "sid-1")
    assert the_one().sid == "sid-1"


def test_a_client_that_came_in_between_is_told_too(
    new_client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = new_client().client_id, new_client().client_id
    monkeypatch.setattr(sign_ons, "find", lambda *_: SignOn("sid-1", "alice", 0, (first,)))
    monkeypatch.setattr(sign_ons, "end", lambda *_: SignOn("sid-1", "alice", 0, (first, second)))
    ending.end_session("alice", "sid-1")
    told = LogoutNotification.objects.values_list("client_id", flat=True)
    assert sorted(told) == sorted([first, second])


def test_a_session_and_client_are_there_once(new_client: Any) -> None:
    client = new_client()
    announce(client, "sid-1", "sid-1")
    work_was_done = outbox.take(5, NOBODY)
    outbox.record_delivery(work_was_done[0], "status 200")
    announce(client, "sid-1")
    assert the_one().status == "delivered"


def test_clients_without_an_address_and_clients_that_are_gone_are_left_out(new_client: Any) -> None:
    silent = update_client(new_client(), {"backchannel_logout_uri": ""})
    disabled = disable_client(new_client())
    outbox.announce("alice", [("s", silent.client_id), ("s", disabled.client_id), ("s", "unknown")])
    assert LogoutNotification.objects.count() == 0


# --- Taken by one worker --------------------------------------------------------------------------


def test_of_two_workers_one_takes_it(new_client: Any) -> None:
    announce(new_client(), "sid-1")
    seen_by_first, seen_by_second = the_one(), the_one()
    assert outbox._take(seen_by_first)
    assert not outbox._take(seen_by_second)
    assert the_one().attempts == 1
    assert outbox.take(5, NOBODY) == []


def test_an_attempt_that_never_ended_is_taken_over(new_client: Any) -> None:
    announce(new_client(), "sid-1")
    [taken] = outbox.take(5, NOBODY)
    LogoutNotification.objects.update(next_attempt_at=timezone.now())
    [again] = outbox.take(5, NOBODY)
    assert (taken.pk, taken.attempts, again.attempts) == (again.pk, 1, 2)


def test_who_lost_it_cannot_put_it_off(new_client: Any) -> None:
    """But a delivery counts, whoever made it."""
    announce(new_client(), "sid-1")
    [slow] = outbox.take(5, NOBODY)
    LogoutNotification.objects.update(next_attempt_at=timezone.now())
    [fast] = outbox.take(5, NOBODY)
    outbox.record_failure(slow, "took too long")
    assert the_one().next_attempt_at == fast.next_attempt_at
    assert the_one().outcome == ""
    outbox.record_delivery(slow, "status 200")
    assert the_one().status == "delivered"
    outbox.record_failure(fast, "status 400")
    assert the_one().status == "delivered"


def test_one_client_takes_a_few_places_only(new_client: Any) -> None:
    stuck, other = new_client(), new_client()
    announce(stuck, *(f"sid-{number}" for number in range(50)))
    announce(other, "sid-1")
    taken = Counter(each.client_id for each in outbox.take(MOST_AT_ONCE, NOBODY))
    assert taken == {stuck.client_id: outbox.MOST_PER_CLIENT}
    taken = Counter(each.client_id for each in outbox.take(MOST_AT_ONCE, taken))
    assert taken == {other.client_id: 1}


def test_a_client_that_hangs_does_not_keep_the_others_waiting(new_client: Any) -> None:
    with receiving() as stuck, receiving() as quick:
        stuck.let_go.clear()
        announce(new_client(stuck.uri), *(f"sid-{number}" for number in range(20)))
        announce(new_client(quick.uri), "sid-1")
        deliveries = Deliveries()
        started = time.monotonic()
        for _ in range(3):
            deliveries.step(0.3)
        quick.wait_for(1)
        assert time.monotonic() - started < 3
        assert len(stuck.wait_for(outbox.MOST_PER_CLIENT)) == outbox.MOST_PER_CLIENT
        stuck.let_go.set()
        deliveries.finish()


# --- Tried again, for a day -----------------------------------------------------------------------


def test_pauses_grow_to_an_hour_with_jitter() -> None:
    def seconds(attempts: int) -> set[float]:
        return {outbox.pause_after(attempts).total_seconds() for _ in range(50)}

    for attempts, longest in ((1, 0.5), (2, 1), (3, 2), (4, 4), (10, 256), (14, 3600), (60, 3600)):
        pauses = seconds(attempts)
        assert longest / 2 <= min(pauses) < max(pauses) <= longest
        assert len(pauses) > 20


def test_after_a_day_it_is_given_up(new_client: Any) -> None:
    with receiving(500, 500) as receiver:
        announce(new_client(receiver.uri), "sid-1")
        work()
        assert the_one().status == "pending"
        LogoutNotification.objects.update(
            created_at=timezone.now() - timedelta(hours=24), next_attempt_at=timezone.now()
        )
        work()
        assert (the_one().status, the_one().outcome) == ("given_up", "status 500")
        LogoutNotification.objects.update(next_attempt_at=timezone.now())
        work()
        assert len(receiver.deliveries) == 2


def test_a_client_that_is_gone_is_told_no_more(new_client: Any) -> None:
    client = new_client()
    announce(client, "sid-1")
    disable_client(client)
    work()
    assert (the_one().status, the_one().attempts) == ("cancelled", 1)


def test_a_client_whose_token_cannot_be_signed_does_not_stop_the_worker(new_client: Any) -> None:
    with receiving() as receiver:
        broken, sound = new_client(receiver.uri), new_client(receiver.uri)
        type(broken).objects.filter(pk=broken.pk).update(id_token_signed_response_alg="HS256")
        announce(broken, "sid-1")
        announce(sound, "sid-1")
        work()
        assert len(receiver.deliveries) == 1
    failed = LogoutNotification.objects.get(client_id=broken.client_id)
    assert (failed.status, failed.attempts) == ("pending", 1)
    assert "secret" in failed.outcome


def test_a_defect_costs_one_attempt_and_not_the_worker(
    new_client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> str:
        raise KeyError("a defect")

    announce(new_client(), "sid-1")
    monkeypatch.setattr(delivery, "issue_logout_token", fail)
    work()
    assert (the_one().status, the_one().outcome) == ("pending", "defect: KeyError")


def test_an_address_inside_our_network_is_never_asked(settings: Any, new_client: Any) -> None:
    settings.GATEHOUSE = {**settings.GATEHOUSE, "fetch_private_addresses": False}
    with receiving() as receiver:
        announce(new_client(receiver.uri), "sid-1")
        work()
        assert receiver.deliveries == []
    assert the_one().outcome == "not an https address"


# --- The worker -----------------------------------------------------------------------------------


def test_the_worker_delivers_and_keeps_house(new_client: Any) -> None:
    with receiving() as receiver:
        client = new_client(receiver.uri)
        announce(client, "old", "new")
        LogoutNotification.objects.filter(sid="old").update(
            status="delivered", created_at=timezone.now() - timedelta(days=31)
        )
        call_command("worker", "--once")
        assert len(receiver.deliveries) == 1
    assert (the_one().sid, the_one().status) == ("new", "delivered")
