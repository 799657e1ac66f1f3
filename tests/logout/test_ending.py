"""Ending everything of a person: it cannot be stopped by what there is to clean up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import OperationalError

from oidc.errors import NotFound, SessionEnded, StoreUnavailable
from oidc.logout import ending, outbox
from oidc.models import LogoutNotification, UnfinishedSignOut
from oidc.stores.redis import sign_on_store, sign_ons
from oidc.stores.redis.cluster import cluster
from oidc.stores.redis.keys import user_key
from tests.stores.people import Person

NewGrant = Callable[[str], None]


@pytest.fixture
def person() -> Person:
    return Person()


@pytest.fixture
def client_id(new_client: Any) -> str:
    return str(new_client().client_id)


def told() -> set[tuple[str, str]]:
    return set(LogoutNotification.objects.values_list("sid", "client_id"))


def sign_in(person: Person, client_id: str) -> str:
    sid = person.sign_in()
    sign_ons.note_client(person.user_id, sid, client_id)
    return sid


def test_it_has_ended_before_anything_is_read(
    person: Person, client_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sid = sign_in(person, client_id)
    seen = []

    def sweep(user_id: str) -> Iterator[list[tuple[str, str]]]:
        with pytest.raises(SessionEnded):
            sign_ons.find(user_id, sid)
        seen.append(user_id)
        yield []

    monkeypatch.setattr(sign_ons, "sweep", sweep)
    ending.end_everything(person.user_id)
    assert seen == [person.user_id]


@pytest.mark.parametrize("pages", [0, 1, 2])
def test_a_page_that_fails_stops_nobody_and_the_next_call_goes_on(
    person: Person, client_id: str, monkeypatch: pytest.MonkeyPatch, pages: int
) -> None:
    sids = {sign_in(person, client_id) for _ in range(5)}
    offline = person.open_grant(offline=True)
    monkeypatch.setattr(sign_on_store, "PAGE", 2)
    real = sign_ons.sweep

    def failing(user_id: str) -> Iterator[list[tuple[str, str]]]:
        for number, page in enumerate(real(user_id)):
            if number == pages:
                raise StoreUnavailable("no answer")
            yield page

    with monkeypatch.context() as patch:
        patch.setattr(sign_ons, "sweep", failing)
        ending.end_everything(person.user_id)
    with pytest.raises(NotFound):
        offline.find()
    assert len(told()) < len(sids)

    ending.end_everything(person.user_id)
    assert told() == {(sid, client_id) for sid in sids}


def test_a_page_is_forgotten_only_after_its_clients_were_written_down(
    person: Person, client_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sid = sign_in(person, client_id)

    def no_database(*_: Any) -> None:
        raise StoreUnavailable("database")

    with monkeypatch.context() as patch:
        patch.setattr(outbox, "announce", no_database)
        ending.end_everything(person.user_id)
    assert told() == set()
    other = person.sign_in()
    ending.end_session(person.user_id, other)  # signing out anywhere goes on with it
    assert told() == {(sid, client_id)}


def test_what_takes_too_long_goes_on_later(
    person: Person, client_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sids = {sign_in(person, client_id) for _ in range(5)}
    monkeypatch.setattr(sign_on_store, "PAGE", 2)
    monkeypatch.setattr(ending, "SWEEP_SECONDS", -1.0)
    ending.end_everything(person.user_id)
    assert len(told()) == 2
    monkeypatch.undo()
    ending.end_everything(person.user_id)
    assert told() == {(sid, client_id) for sid in sids}


def test_signing_out_takes_the_grants_of_the_session_out_of_the_index(
    person: Person, db: None
) -> None:
    sid, other = person.sign_in(), person.sign_in()
    for _ in range(3):
        person.open_grant(sid, offline=False)
    ending.end_session(person.user_id, sid)
    index = user_key(person.bucket, person.user_id)
    assert cluster().commands().zrange(index, 0, -1) == [f"s:{other}".encode()]


@pytest.fixture
def lease_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the worker begin at once where an attempt was interrupted."""
    monkeypatch.setattr(ending, "LEASE", -ending.LEASE)


@pytest.mark.usefixtures("lease_is_over")
@pytest.mark.parametrize("pages", [0, 1, 2])
def test_the_worker_goes_on_with_what_was_interrupted(
    person: Person, client_id: str, monkeypatch: pytest.MonkeyPatch, pages: int
) -> None:
    sids = {sign_in(person, client_id) for _ in range(5)}
    monkeypatch.setattr(sign_on_store, "PAGE", 2)
    real = sign_ons.sweep

    def interrupted(user_id: str) -> Iterator[list[tuple[str, str]]]:
        for number, page in enumerate(real(user_id)):
            if number == pages:
                raise KeyboardInterrupt  # as good as a killed process
            yield page

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(sign_ons, "sweep", interrupted)
        ending.end_everything(person.user_id)
    assert len(told()) < len(sids)

    assert ending.finish_sign_outs() == 1
    assert told() == {(sid, client_id) for sid in sids}
    assert not UnfinishedSignOut.objects.exists()
    assert ending.finish_sign_outs() == 0


@pytest.mark.usefixtures("lease_is_over")
def test_an_end_that_is_not_confirmed_is_gone_on_with(
    person: Person, client_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The write may have arrived all the same, and then somebody must tell the clients."""
    sid, end_all = sign_in(person, client_id), sign_ons.end_all

    def unconfirmed(user_id: str) -> None:
        end_all(user_id)
        raise StoreUnavailable("no answer")

    with monkeypatch.context() as patch, pytest.raises(StoreUnavailable):
        patch.setattr(sign_ons, "end_all", unconfirmed)
        ending.end_everything(person.user_id)
    assert told() == set()
    assert ending.finish_sign_outs() == 1
    assert told() == {(sid, client_id)}


def test_what_somebody_is_at_work_on_is_left_to_them(person: Person, client_id: str) -> None:
    sign_in(person, client_id)
    assert ending._note_unfinished(person.user_id) is not None
    assert ending.finish_sign_outs() == 0
    assert UnfinishedSignOut.objects.count() == 1


def test_a_database_that_is_away_keeps_nobody_signed_in(
    person: Person, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    grant = person.open_grant(offline=True)

    def no_database(**_: Any) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr(UnfinishedSignOut.objects, "create", no_database)
    ending.end_everything(person.user_id)
    with pytest.raises(NotFound):
        grant.find()
