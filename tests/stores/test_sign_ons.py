"""The contract of sessions of sign-on."""

from __future__ import annotations

import time
from typing import Any

import pytest

from oidc.errors import SessionEnded
from oidc.stores.records import SignOn
from oidc.stores.redis import codes, sign_on_store, sign_ons
from oidc.stores.redis.keys import end_all_key, not_before_key, sid_key, user_key
from tests.stores.concurrency import all_at_once
from tests.stores.people import HOUR, Person, new_id


def test_a_session_is_found_until_it_ends(person: Person, redis: Any) -> None:
    before = int(time.time() * 1000)
    started = sign_ons.start(person.user_id, "sid-1", HOUR)
    assert (started.sid, started.user_id, started.client_ids) == ("sid-1", person.user_id, ())
    assert before - 1000 <= started.started_at_ms <= time.time() * 1000 + 1000
    assert sign_ons.find(person.user_id, "sid-1") == started
    assert 0 < redis.ttl(sid_key(person.bucket, "sid-1")) <= HOUR
    assert sign_ons.end(person.user_id, "sid-1") == started
    with pytest.raises(SessionEnded):
        sign_ons.find(person.user_id, "sid-1")


def test_a_session_belongs_to_one_person(person: Person) -> None:
    sid = person.sign_in()
    somebody = Person()
    with pytest.raises(SessionEnded):
        sign_ons.find(somebody.user_id, sid)
    assert sign_ons.end(somebody.user_id, sid) is None
    assert sign_ons.find(person.user_id, sid).sid == sid


def test_sessions_of_two_people_in_one_bucket_stay_apart(person: Person, redis: Any) -> None:
    sid = person.sign_in()
    redis.hset(sid_key(person.bucket, sid), "user", "somebody else")
    with pytest.raises(SessionEnded):
        sign_ons.find(person.user_id, sid)
    assert sign_ons.end(person.user_id, sid) is None
    with pytest.raises(SessionEnded):
        sign_ons.start(person.user_id, sid, HOUR)


def test_starting_again_after_a_lost_answer_is_the_same_session(person: Person) -> None:
    first = sign_ons.start(person.user_id, "sid-1", HOUR)
    assert sign_ons.start(person.user_id, "sid-1", HOUR) == first


def test_only_one_of_many_ends_it(person: Person) -> None:
    sid = person.sign_in()
    answers = all_at_once([lambda: sign_ons.end(person.user_id, sid)] * 16)
    assert sum(isinstance(answer, SignOn) for answer in answers) == 1
    assert answers.count(None) == 15


def test_the_one_who_ends_it_learns_its_clients(person: Person) -> None:
    sid = person.sign_in()
    for name in ("client-2", "client-1"):
        issued = person.new_code(sid)
        code = issued.code._replace(grant=issued.code.grant._replace(client_id=name))
        codes.issue(issued.handle, issued.code_hash, code, 60)
    ended = sign_ons.end(person.user_id, sid)
    assert ended is not None
    assert ended.client_ids == ("client-2", "client-1")


def test_nothing_in_flight_brings_an_ended_session_back(person: Person) -> None:
    sid = person.sign_in()
    issued = person.new_code(sid)
    sign_ons.end(person.user_id, sid)
    with pytest.raises(SessionEnded):
        codes.issue(issued.handle, issued.code_hash, issued.code, 60)
    with pytest.raises(SessionEnded):
        sign_ons.start(person.user_id, sid, HOUR)
    with pytest.raises(SessionEnded):
        sign_ons.find(person.user_id, sid)


def test_signing_out_everywhere_ends_what_was_and_nothing_that_comes(person: Person) -> None:
    """Also within the same millisecond, and several times in a row."""
    for _ in range(20):
        old = [person.sign_in(), person.sign_in()]
        sign_ons.end_all(person.user_id)
        new = person.sign_in()
        for sid in old:
            with pytest.raises(SessionEnded):
                sign_ons.find(person.user_id, sid)
            assert sign_ons.end(person.user_id, sid) is None
        assert sign_ons.find(person.user_id, new).sid == new


def test_signing_out_everywhere_is_about_one_person(person: Person) -> None:
    somebody = Person()
    sid = somebody.sign_in()
    sign_ons.end_all(person.user_id)
    assert sign_ons.find(somebody.user_id, sid).sid == sid


def test_a_session_started_by_a_fast_clock_ends_too(person: Person, redis: Any) -> None:
    """After a fail-over the clock of another node counts, and it may be a few seconds late."""
    sid = person.sign_in()
    redis.hset(sid_key(person.bucket, sid), "start", int(time.time() * 1000) + 5000)
    sign_ons.end_all(person.user_id)
    with pytest.raises(SessionEnded):
        sign_ons.find(person.user_id, sid)


def test_each_signing_out_everywhere_moves_on_even_if_the_clock_does_not(
    person: Person, redis: Any
) -> None:
    tomorrow = int(time.time() * 1000) + 24 * HOUR * 1000
    redis.set(not_before_key(person.bucket, person.user_id), tomorrow, ex=HOUR)
    for _ in range(3):
        sid = person.sign_in()
        assert sign_ons.find(person.user_id, sid).sid == sid
        sign_ons.end_all(person.user_id)
        with pytest.raises(SessionEnded):
            sign_ons.find(person.user_id, sid)


def test_repeating_the_end_of_all_spares_who_signed_in_meanwhile(
    person: Person, redis: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_on_store, "_new_request_id", lambda: "one call")
    sign_ons.end_all(person.user_id)
    sid = person.sign_in()
    sign_ons.end_all(person.user_id)
    assert sign_ons.find(person.user_id, sid).sid == sid
    assert 0 < redis.ttl(end_all_key(person.bucket, person.user_id)) <= 60


def test_repeating_the_end_after_a_lost_answer_gets_it_again(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_on_store, "_new_request_id", lambda: "one call")
    sid = person.sign_in()
    first = sign_ons.end(person.user_id, sid)
    assert first is not None
    assert sign_ons.end(person.user_id, sid) == first


def test_not_before_outlives_everything_older(person: Person, redis: Any) -> None:
    key = not_before_key(person.bucket, person.user_id)
    sign_ons.end_all(person.user_id)
    assert redis.ttl(key) > 179 * 24 * HOUR
    sign_ons.start(person.user_id, new_id(), 400 * 24 * HOUR)
    for _ in range(2):  # the second time the index has been forgotten
        sign_ons.end_all(person.user_id)
        assert redis.ttl(key) > 399 * 24 * HOUR
        list(sign_ons.sweep(person.user_id))
        assert not redis.exists(user_key(person.bucket, person.user_id))


def test_the_list_shows_living_sessions(person: Person, redis: Any) -> None:
    first, ended, lost, last = (
        sign_ons.start(person.user_id, new_id(), seconds) for seconds in (100, 200, 250, 300)
    )
    sign_ons.end(person.user_id, ended.sid)
    redis.delete(sid_key(person.bucket, lost.sid))
    person.open_grant(last.sid)
    listed = sign_ons.list_for_user(person.user_id)
    assert [session.sid for session in listed] == [first.sid, last.sid]
    assert listed[1].client_ids == ("client-1",)
    sign_ons.end_all(person.user_id)
    assert sign_ons.list_for_user(person.user_id) == []
