"""The contract of authorization codes. Spec: RFC 6749 section 4.1.2; RFC 9700 section 4.5."""

from __future__ import annotations

import time
from typing import Any

import pytest

from oidc.errors import AlreadyUsed, Mismatch, NotFound, SessionEnded
from oidc.stores.records import AuthorizationCode
from oidc.stores.redis import codes, grants, sign_ons
from oidc.stores.redis.keys import code_key, grant_key, user_key
from tests.stores.concurrency import all_at_once
from tests.stores.people import HOUR, OpenGrant, Person, new_id


def test_redeeming_returns_what_was_stored_and_opens_the_grant(person: Person) -> None:
    issued = person.issue(person.sign_in())
    assert issued.redeem() == issued.code
    assert grants.find(issued.handle, "jti") == issued.code.grant


def test_an_unknown_code_is_not_found(person: Person) -> None:
    issued = person.new_code(person.sign_in())
    with pytest.raises(NotFound):
        issued.redeem()


def test_64_concurrent_redemptions_succeed_once_and_leave_no_grant(person: Person) -> None:
    issued = person.issue(person.sign_in(), offline=True)
    answers = all_at_once([issued.redeem] * 64)
    assert sum(isinstance(answer, AuthorizationCode) for answer in answers) == 1
    assert sum(isinstance(answer, AlreadyUsed) for answer in answers) == 63
    with pytest.raises(NotFound):
        grants.find(issued.handle, "jti")


def test_64_repetitions_of_one_request_all_get_the_code(person: Person) -> None:
    issued = person.issue(person.sign_in())
    answers = all_at_once([lambda: issued.redeem("one request")] * 64)
    assert answers == [issued.code] * 64
    assert grants.find(issued.handle, "jti") == issued.code.grant


def test_a_second_redemption_revokes_the_grant(person: Person, redis: Any) -> None:
    issued = person.issue(person.sign_in(), offline=True)
    issued.redeem()
    with pytest.raises(AlreadyUsed):
        issued.redeem()
    with pytest.raises(NotFound):
        grants.find(issued.handle, "jti")
    members = redis.zrange(user_key(person.bucket, person.user_id), 0, -1)
    assert f"g:{issued.handle.grant_id}".encode() not in members


def test_a_used_code_is_remembered_after_its_lifetime(person: Person, redis: Any) -> None:
    issued = person.issue(person.sign_in(), offline=True)
    issued.redeem()
    _let_expire(redis, issued)
    with pytest.raises(AlreadyUsed):
        issued.redeem()
    with pytest.raises(NotFound):
        grants.find(issued.handle, "jti")


def test_an_unused_code_expires(person: Person, redis: Any) -> None:
    issued = person.issue(person.sign_in())
    _let_expire(redis, issued)
    with pytest.raises(NotFound):
        issued.redeem()


def _let_expire(redis: Any, issued: Any) -> None:
    key = code_key(issued.handle.bucket, issued.code_hash)
    redis.hset(key, "redeemable_ms", int(time.time() * 1000) - 1)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("client_id", "client-2"),
        ("redirect_uri", "https://app.example/callback/"),
        ("code_challenge", "challenge-2"),
        ("code_challenge", ""),
    ],
)
def test_another_binding_is_a_mismatch_and_uses_nothing(
    person: Person, field: str, value: str
) -> None:
    issued = person.issue(person.sign_in())
    with pytest.raises(Mismatch) as mismatch:
        issued.redeem(**{field: value})
    assert mismatch.value.field == field
    assert issued.redeem() == issued.code


def test_another_client_cannot_revoke_by_replaying(person: Person) -> None:
    issued = person.issue(person.sign_in())
    issued.redeem()
    with pytest.raises(Mismatch):
        issued.redeem(client_id="client-2")
    assert grants.find(issued.handle, "jti") == issued.code.grant


def test_a_verifier_for_a_code_without_challenge_is_a_mismatch(person: Person) -> None:
    """RFC 9700 section 2.1.1: no way to pretend that PKCE was never used."""
    plain = person.new_code(person.sign_in())
    code = AuthorizationCode(plain.code.grant, plain.code.redirect_uri, "", plain.code.nonce)
    codes.issue(plain.handle, plain.code_hash, code, 60)
    with pytest.raises(Mismatch):
        plain.redeem()
    assert plain.redeem(code_challenge="") == code


@pytest.mark.parametrize(
    ("challenge", "omitted", "fits"),
    [("challenge", False, True), ("", True, True), ("c", True, True), ("", False, False)],
)
def test_a_redirect_uri_may_be_left_out_with_pkce_or_where_it_was_left_out_before(
    person: Person, challenge: str, omitted: bool, fits: bool
) -> None:
    """OAuth 2.1 section 10.2; RFC 6749 section 4.1.3. One that is there must be the same."""
    issued = person.new_code(person.sign_in())
    code = issued.code._replace(code_challenge=challenge, redirect_uri_omitted=omitted)
    codes.issue(issued.handle, issued.code_hash, code, 60)
    with pytest.raises(Mismatch, match="redirect_uri"):
        issued.redeem(redirect_uri="https://app.example/", code_challenge=challenge)
    with pytest.raises(Mismatch, match="code_challenge" if fits else "redirect_uri"):
        issued.redeem(redirect_uri="", code_challenge="another")
    if fits:
        assert issued.redeem(redirect_uri="", code_challenge=challenge) == code
    else:
        with pytest.raises(Mismatch, match="redirect_uri"):
            issued.redeem(redirect_uri="", code_challenge=challenge)
        assert issued.redeem(code_challenge=challenge) == code


def test_a_code_from_before_there_was_this_column(person: Person, redis: Any) -> None:
    issued = person.issue(person.sign_in())
    assert not redis.hexists(
        code_key(issued.handle.bucket, issued.code_hash), "redirect_uri_omitted"
    )
    assert issued.redeem(redirect_uri="") == issued.code


def test_no_code_without_a_living_session(person: Person) -> None:
    sid = person.sign_in()
    sign_ons.end(person.user_id, sid)
    for dead_sid in (sid, "never-started"):
        with pytest.raises(SessionEnded):
            person.issue(dead_sid)


def test_no_code_through_the_session_of_somebody_else(person: Person) -> None:
    issued = person.new_code(person.sign_in())
    somebody = Person()
    grant = somebody.new_code(issued.code.grant.sid).code.grant
    code = AuthorizationCode(grant, "https://app.example/callback", "c", "n")
    with pytest.raises(SessionEnded):
        codes.issue(issued.handle, issued.code_hash, code, 60)


@pytest.mark.parametrize("offline", [False, True])
@pytest.mark.parametrize("everywhere", [False, True])
def test_signing_out_before_the_redemption_ends_the_code(
    person: Person, offline: bool, everywhere: bool
) -> None:
    sid = person.sign_in()
    issued = person.issue(sid, offline=offline)
    if everywhere:
        sign_ons.end_all(person.user_id)
    else:
        sign_ons.end(person.user_id, sid)
    with pytest.raises(SessionEnded):
        issued.redeem()
    with pytest.raises(NotFound):
        grants.find(issued.handle, "jti")


def test_storing_a_code_again_changes_nothing(person: Person) -> None:
    issued = person.issue(person.sign_in())
    codes.issue(issued.handle, issued.code_hash, issued.code, 60)
    assert issued.redeem() == issued.code
    codes.issue(issued.handle, issued.code_hash, issued.code, 60)
    with pytest.raises(AlreadyUsed):
        issued.redeem()


def test_the_session_notes_its_clients_in_order(person: Person) -> None:
    sid = person.sign_in()
    for name in ("client-9", "client-1", "client-5", "client-1"):
        issued = person.new_code(sid)
        code = issued.code._replace(grant=issued.code.grant._replace(client_id=name))
        codes.issue(issued.handle, issued.code_hash, code, 60)
    assert sign_ons.find(person.user_id, sid).client_ids == ("client-9", "client-1", "client-5")


def test_the_grant_lives_no_longer_than_its_absolute_end(person: Person, redis: Any) -> None:
    issued = person.new_code(person.sign_in(), expires_in=100)
    codes.issue(issued.handle, issued.code_hash, issued.code, 60)
    issued.redeem()
    assert 0 < redis.ttl(grant_key(person.bucket, issued.handle.grant_id)) <= 100


def test_a_grant_past_its_end_is_not_opened(person: Person) -> None:
    issued = person.new_code(person.sign_in(), expires_in=-1)
    codes.issue(issued.handle, issued.code_hash, issued.code, 60)
    with pytest.raises(NotFound):
        issued.redeem()


def test_keys_expire(person: Person, redis: Any) -> None:
    issued = person.issue(person.sign_in(), lifetime_seconds=60)
    assert 60 < redis.ttl(code_key(person.bucket, issued.code_hash)) <= 120
    issued.redeem()
    assert 60 < redis.ttl(code_key(person.bucket, issued.code_hash)) <= 120
    assert 0 < redis.ttl(grant_key(person.bucket, issued.handle.grant_id)) <= HOUR


def test_the_grant_starts_at_generation_0(person: Person) -> None:
    issued = person.issue(person.sign_in())
    grant = OpenGrant(issued.handle, issued.redeem().grant)
    assert grant.rotate(0, new_id()).generation == 1


def test_a_grant_older_than_the_claims_column_asks_for_none(person: Person, redis: Any) -> None:
    grant = person.open_grant()
    redis.hdel(grant_key(grant.handle.bucket, grant.handle.grant_id), "claims")
    assert grant.find() == grant.grant._replace(claims="")
