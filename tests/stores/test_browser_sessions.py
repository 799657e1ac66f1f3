"""The contract of browser sessions, and Django's session engine on top of it."""

from __future__ import annotations

import base64
import json
from hashlib import sha256
from typing import Any

import pytest
from django.contrib.sessions.backends.base import CreateError, UpdateError

from authserver.sessions import SessionStore
from oidc.errors import StoreUnavailable
from oidc.stores.redis import browser_sessions
from tests.keys.test_derived_keys import NEW, OLD, use_keys
from tests.stores.conftest import StoresOn
from tests.stores.people import HOUR, new_id


def test_a_session_is_stored_under_a_hash_of_its_key(redis: Any) -> None:
    key, members = new_id(), {"user": "é", "list": [1, None, {"a": True}]}
    assert browser_sessions.load(key) is None
    assert browser_sessions.create(key, members, HOUR)
    assert browser_sessions.load(key) == members
    assert browser_sessions.exists(key)
    name = f"session:{{{sha256(key.encode()).hexdigest()}}}"
    assert 0 < redis.ttl(name) <= HOUR


def test_a_key_is_taken_once() -> None:
    key = new_id()
    assert browser_sessions.create(key, {"a": 1}, HOUR)
    assert browser_sessions.create(key, {"a": 1}, HOUR)  # the same call after a lost answer
    assert not browser_sessions.create(key, {"a": 2}, HOUR)
    assert browser_sessions.load(key) == {"a": 1}


def test_saving_never_brings_a_session_back() -> None:
    key = new_id()
    assert not browser_sessions.save(key, {"a": 1}, HOUR)
    browser_sessions.create(key, {"a": 1}, HOUR)
    assert browser_sessions.save(key, {"a": 2}, HOUR)
    assert browser_sessions.load(key) == {"a": 2}
    browser_sessions.delete(key)
    browser_sessions.delete(key)
    assert not browser_sessions.save(key, {"a": 3}, HOUR)
    assert browser_sessions.load(key) is None
    assert not browser_sessions.exists(key)


# --- Sealed records -----------------------------------------------------------------------------


def _record(key: str) -> str:
    return f"session:{{{sha256(key.encode()).hexdigest()}}}"


def test_nothing_that_anybody_puts_into_a_session_can_be_read_in_the_record(redis: Any) -> None:
    key, secret = new_id(), new_id()
    browser_sessions.create(key, {"name_of_a_member": secret}, HOUR)
    assert browser_sessions.save(key, {"name_of_a_member": secret, "more": [secret]}, HOUR)
    record = redis.get(_record(key)).decode()
    assert list(json.loads(record)) == ["sealed"]
    sealed = json.loads(record)["sealed"]
    clear = base64.urlsafe_b64decode(sealed + "==")
    for text in (secret, "name_of_a_member", "more"):
        assert text not in record
        assert text.encode() not in clear


def test_a_record_of_a_release_that_did_not_seal_still_loads(redis: Any) -> None:
    key = new_id()
    redis.set(_record(key), '{"user":"alice"}', ex=HOUR)
    assert browser_sessions.load(key) == {"user": "alice"}
    assert browser_sessions.save(key, {"user": "alice", "page": 2}, HOUR)
    assert b"alice" not in redis.get(_record(key))
    assert browser_sessions.load(key) == {"user": "alice", "page": 2}


def test_a_session_opens_under_a_fallback_and_is_sealed_anew_when_it_is_saved(
    redis: Any, settings: Any
) -> None:
    key = new_id()
    use_keys(settings, OLD)
    browser_sessions.create(key, {"a": 1}, HOUR)
    use_keys(settings, NEW, OLD)
    assert browser_sessions.load(key) == {"a": 1}
    browser_sessions.save(key, {"a": 2}, HOUR)
    use_keys(settings, NEW)
    assert browser_sessions.load(key) == {"a": 2}


def test_a_session_whose_secret_key_was_dropped_is_gone(settings: Any) -> None:
    session = SessionStore()
    use_keys(settings, OLD)
    session["user"] = "alice"
    session.save()
    use_keys(settings, NEW)
    assert browser_sessions.load(str(session.session_key)) is None
    again = SessionStore(session.session_key)
    assert again.get("user") is None
    again["user"] = "bob"
    again.save()
    assert again.session_key != session.session_key


@pytest.mark.parametrize("damage", ["", "AAAA", "A" * 80, "no base64 \u00e9", None, "moved"])
def test_a_record_that_was_not_sealed_here_is_no_session(redis: Any, damage: str | None) -> None:
    """Who can write to the cluster cannot make a session, nor give one to another browser."""
    key, other = new_id(), new_id()
    browser_sessions.create(key, {"a": 1}, HOUR)
    browser_sessions.create(other, {"a": 2}, HOUR)
    if damage == "moved":
        redis.set(_record(key), redis.get(_record(other)), ex=HOUR)
    else:
        redis.set(_record(key), json.dumps({"sealed": damage}), ex=HOUR)
    assert browser_sessions.load(key) is None


# --- Django's session engine --------------------------------------------------------------------


def test_a_session_goes_through_django_and_back() -> None:
    session = SessionStore()
    session["user"] = "alice"
    session.save()
    again = SessionStore(session.session_key)
    assert again["user"] == "alice"
    assert again.exists(session.session_key)
    assert not again.exists(None)


def test_an_unknown_key_is_not_adopted() -> None:
    """Nobody chooses the key of a session for somebody else."""
    session = SessionStore("chosen-by-an-attacker")
    assert session.get("user") is None
    session["user"] = "alice"
    session.save()
    assert session.session_key != "chosen-by-an-attacker"


def test_a_logout_is_not_undone_by_a_request_in_flight() -> None:
    session = SessionStore()
    session["user"] = "alice"
    session.save()
    in_flight = SessionStore(session.session_key)
    in_flight["page"] = 2
    session.flush()
    with pytest.raises(UpdateError):
        in_flight.save()
    assert SessionStore(in_flight.session_key).get("user") is None


def test_cycling_the_key_keeps_the_members_and_ends_the_old_key() -> None:
    session = SessionStore()
    session["user"] = "alice"
    session.save()
    old = session.session_key
    session.cycle_key()
    assert session.session_key != old
    assert SessionStore(session.session_key)["user"] == "alice"
    assert SessionStore(old).get("user") is None


def test_creating_under_a_taken_key_is_refused() -> None:
    first = SessionStore()
    first["user"] = "alice"
    first.save()
    second = SessionStore(first.session_key)
    second["user"] = "mallory"
    with pytest.raises(CreateError):
        second.save(must_create=True)
    assert SessionStore(first.session_key)["user"] == "alice"


def test_a_session_that_expired_by_its_own_date_is_kept_a_second(redis: Any) -> None:
    session = SessionStore()
    session.set_expiry(-5)
    session.save()
    assert session.session_key


@pytest.mark.parametrize("method", ["load", "save", "create", "delete", "cycle_key", "flush"])
def test_an_unreachable_cluster_is_never_an_empty_session(stores_on: StoresOn, method: str) -> None:
    session = SessionStore("k" * 32)
    with (
        stores_on("redis://127.0.0.1:1", redis_deadline_seconds=0.2),
        pytest.raises(StoreUnavailable),
    ):
        getattr(session, method)()
    assert session.session_key
