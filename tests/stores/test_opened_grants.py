"""Grants that live before their code is redeemed, or without one.

Spec: OpenID Connect Core 1.0 sections 3.2 and 3.3; RFC 6749 section 4.1.2 (a code used twice).
"""

from __future__ import annotations

import time
from typing import Any

import pytest

from oidc.errors import AlreadyUsed, NotFound, SessionEnded
from oidc.stores.records import AuthorizationCode
from oidc.stores.redis import codes, grants, sign_ons
from oidc.stores.redis.keys import code_key, grant_key, sid_key, user_key
from tests.stores.concurrency import all_at_once
from tests.stores.people import CLIENT, HOUR, IssuedCode, OpenGrant, Person


def issue_hybrid(person: Person, sid: str = "", *, expires_in: int = HOUR) -> IssuedCode:
    issued = person.new_code(sid or person.sign_in(), expires_in=expires_in)
    codes.issue(issued.handle, issued.code_hash, issued.code, 60, grant_lifetime_seconds=600)
    return issued


def open_grant(person: Person, sid: str, *, offline: bool = False) -> OpenGrant:
    issued = person.new_code(sid, offline=offline)
    grants.open(issued.handle, issued.code.grant, 600)
    return OpenGrant(issued.handle, issued.code.grant)


# --- With a code --------------------------------------------------------------------------------


def test_the_grant_lives_before_the_code_is_redeemed(person: Person, redis: Any) -> None:
    issued = issue_hybrid(person)
    assert grants.find(issued.handle, "jti") == issued.code.grant
    assert 500 < redis.ttl(grant_key(person.bucket, issued.handle.grant_id)) <= 600
    assert grants.list_for_user(person.user_id) == [issued.code.grant]


def test_the_grant_lives_no_shorter_than_its_code(person: Person, redis: Any) -> None:
    issued = person.new_code(person.sign_in())
    codes.issue(issued.handle, issued.code_hash, issued.code, 60, grant_lifetime_seconds=30)
    assert 100 < redis.ttl(grant_key(person.bucket, issued.handle.grant_id)) <= 120


def test_redeeming_keeps_the_grant_and_gives_it_its_time(person: Person, redis: Any) -> None:
    issued = issue_hybrid(person)
    key = grant_key(person.bucket, issued.handle.grant_id)
    start = redis.hget(key, "start")
    assert issued.redeem() == issued.code
    assert redis.hget(key, "start") == start
    assert 3500 < redis.ttl(key) <= HOUR
    index_ms = redis.zscore(user_key(person.bucket, person.user_id), f"g:{issued.handle.grant_id}")
    assert index_ms > (time.time() + 3500) * 1000
    assert OpenGrant(issued.handle, issued.code.grant).rotate(0).generation == 1


def test_64_concurrent_redemptions_leave_no_grant(person: Person) -> None:
    issued = issue_hybrid(person)
    answers = all_at_once([issued.redeem] * 64)
    assert sum(isinstance(answer, AuthorizationCode) for answer in answers) == 1
    assert sum(isinstance(answer, AlreadyUsed) for answer in answers) == 63
    with pytest.raises(NotFound):
        grants.find(issued.handle, "jti")


def test_a_repeated_redemption_gets_the_code_again(person: Person) -> None:
    issued = issue_hybrid(person)
    assert [issued.redeem("one request") for _ in range(2)] == [issued.code] * 2
    assert grants.find(issued.handle, "jti") == issued.code.grant


def test_a_replay_ends_the_grant(person: Person) -> None:
    issued = issue_hybrid(person)
    issued.redeem()
    with pytest.raises(AlreadyUsed):
        issued.redeem()
    with pytest.raises(NotFound):
        grants.find(issued.handle, "jti")


def test_a_grant_that_was_revoked_is_not_brought_back_by_its_code(person: Person) -> None:
    issued = issue_hybrid(person)
    grants.revoke(issued.handle, CLIENT)
    with pytest.raises(NotFound):
        issued.redeem()
    with pytest.raises(NotFound):
        grants.find(issued.handle, "jti")


def test_storing_a_code_again_does_not_bring_its_grant_back(person: Person) -> None:
    issued = issue_hybrid(person)
    grants.revoke(issued.handle, CLIENT)
    codes.issue(issued.handle, issued.code_hash, issued.code, 60, grant_lifetime_seconds=600)
    with pytest.raises(NotFound):
        grants.find(issued.handle, "jti")


def test_an_unused_code_expires_and_leaves_the_grant_alone(person: Person, redis: Any) -> None:
    issued = issue_hybrid(person)
    key = code_key(person.bucket, issued.code_hash)
    redis.hset(key, "redeemable_ms", int(time.time() * 1000) - 1)
    with pytest.raises(NotFound):
        issued.redeem()
    assert grants.find(issued.handle, "jti") == issued.code.grant


def test_no_grant_outlives_its_absolute_end(person: Person, redis: Any) -> None:
    issued = issue_hybrid(person, expires_in=100)
    assert 0 < redis.ttl(grant_key(person.bucket, issued.handle.grant_id)) <= 100


# --- Without a code -----------------------------------------------------------------------------


def test_an_opened_grant_lives_for_its_time(person: Person, redis: Any) -> None:
    grant = open_grant(person, person.sign_in())
    assert grant.find() == grant.grant
    assert 500 < redis.ttl(grant_key(person.bucket, grant.handle.grant_id)) <= 600
    assert grants.list_for_user(person.user_id) == [grant.grant]


@pytest.mark.parametrize("hybrid", [True, False], ids=["with a code", "without"])
def test_an_opened_grant_ends_with_its_session(person: Person, hybrid: bool) -> None:
    sid = person.sign_in()
    handle = issue_hybrid(person, sid).handle if hybrid else open_grant(person, sid).handle
    sign_ons.end(person.user_id, sid)
    with pytest.raises(NotFound):
        grants.find(handle, "jti")


def test_signing_out_everywhere_ends_an_offline_one_too(person: Person) -> None:
    grant = open_grant(person, person.sign_in(), offline=True)
    sign_ons.end_all(person.user_id)
    with pytest.raises(NotFound):
        grant.find()


@pytest.mark.parametrize("hybrid", [True, False], ids=["with a code", "without"])
def test_nothing_is_opened_without_a_living_session(person: Person, hybrid: bool) -> None:
    sid = person.sign_in()
    sign_ons.end(person.user_id, sid)
    for dead_sid in (sid, "never-started"):
        issued = person.new_code(dead_sid, offline=True)
        with pytest.raises(SessionEnded):
            if hybrid:
                codes.issue(
                    issued.handle, issued.code_hash, issued.code, 60, grant_lifetime_seconds=600
                )
            else:
                grants.open(issued.handle, issued.code.grant, 600)
        with pytest.raises(NotFound):
            grants.find(issued.handle, "jti")


# --- Clients of a session -----------------------------------------------------------------------


def test_every_way_notes_the_client_once(person: Person, redis: Any) -> None:
    sid = person.sign_in()
    for _ in range(2):
        open_grant(person, sid)
        issue_hybrid(person, sid)
        sign_ons.note_client(person.user_id, sid, CLIENT)
        sign_ons.note_client(person.user_id, sid, "another")
    assert sign_ons.find(person.user_id, sid).client_ids == (CLIENT, "another")
    assert redis.ttl(sid_key(person.bucket, sid)) > 0


def test_an_ended_session_notes_nobody(person: Person) -> None:
    sid = person.sign_in()
    sign_ons.end(person.user_id, sid)
    for dead_sid in (sid, "never-started"):
        with pytest.raises(SessionEnded):
            sign_ons.note_client(person.user_id, dead_sid, CLIENT)
