"""The contract of grants. Spec: RFC 9700 section 4.14.2; OAuth 2.1 section 4.3.1."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from oidc.errors import AlreadyUsed, Mismatch, NotFound
from oidc.stores.records import GrantHandle, RefreshPresentation, Rotation
from oidc.stores.redis import grants, sign_ons
from oidc.stores.redis.keys import grant_key, revoked_key, user_key
from tests.stores.concurrency import all_at_once
from tests.stores.people import CLIENT, HOUR, OpenGrant, Person, new_id


@pytest.fixture
def grant(person: Person) -> OpenGrant:
    return person.open_grant()


def _assert_not_found(grant: OpenGrant, jti: str = "jti-1") -> None:
    for look in (grant.find, grant.require):
        with pytest.raises(NotFound):
            look(jti)


def _assert_found(grant: OpenGrant, jti: str = "jti-1") -> None:
    grant.require(jti)
    assert grant.find(jti) == grant.grant


def _assert_dead(grant: OpenGrant) -> None:
    _assert_not_found(grant)
    for generation in range(4):
        with pytest.raises(NotFound):
            grants.find_for_refresh(grant.handle, generation)


def _end_grace(redis: Any, grant: OpenGrant, seconds: int = 11) -> None:
    """Make the last rotation look older."""
    key = grant_key(grant.handle.bucket, grant.handle.grant_id)
    redis.hset(key, "rotated_ms", int(redis.hget(key, "rotated_ms")) - seconds * 1000)


# --- Rotation -----------------------------------------------------------------------------------


def test_each_generation_has_one_successor(grant: OpenGrant) -> None:
    for generation in range(5):
        assert grant.rotate(generation) == Rotation(grant.grant, generation + 1)


def test_32_concurrent_refreshes_all_get_the_same_successor(grant: OpenGrant) -> None:
    answers = all_at_once([lambda: grant.rotate(0)] * 32)
    assert answers == [Rotation(grant.grant, 1)] * 32
    assert grant.rotate(1).generation == 2


def test_the_predecessor_gets_the_same_successor_within_the_grace(
    grant: OpenGrant, redis: Any
) -> None:
    grant.rotate(0)
    _end_grace(redis, grant, seconds=9)
    assert grant.rotate(0).generation == 1
    assert grant.rotate(1).generation == 2


def test_the_predecessor_after_the_grace_is_reuse(grant: OpenGrant, redis: Any) -> None:
    grant.rotate(0)
    _end_grace(redis, grant)
    with pytest.raises(AlreadyUsed):
        grant.rotate(0)
    _assert_dead(grant)


def test_two_generations_old_is_reuse_even_at_once(grant: OpenGrant) -> None:
    grant.rotate(0)
    grant.rotate(1)
    with pytest.raises(AlreadyUsed):
        grant.rotate(0)
    _assert_dead(grant)


def test_reuse_leaves_the_index_of_the_person(person: Person, redis: Any) -> None:
    grant = person.open_grant()
    grant.rotate(0)
    grant.rotate(1)
    with pytest.raises(AlreadyUsed):
        grant.rotate(0)
    members = redis.zrange(user_key(person.bucket, person.user_id), 0, -1)
    assert f"g:{grant.handle.grant_id}".encode() not in members


def test_a_repeated_request_gets_its_answer_again_after_the_grace(
    grant: OpenGrant, redis: Any
) -> None:
    grant.rotate(0, "one request")
    _end_grace(redis, grant)
    assert grant.rotate(0, "one request").generation == 1
    assert grant.rotate(1).generation == 2


def test_a_successor_that_nobody_got_is_given_after_the_grace(
    grant: OpenGrant, redis: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client was told that the store is away, and comes back later than the grace lasts."""
    with monkeypatch.context() as no_answer:
        no_answer.setattr("oidc.stores.redis.grant_store.post", lambda *_: None)
        grant.rotate(0)
    _end_grace(redis, grant)
    assert grant.rotate(0).generation == 1
    assert grant.rotate(0).generation == 1  # its grace has begun with this answer
    _end_grace(redis, grant)
    with pytest.raises(AlreadyUsed):
        grant.rotate(0)


def test_a_successor_that_nobody_has_used_is_given_again_after_the_grace(
    grant: OpenGrant, redis: Any
) -> None:
    """The answer was lost on the way, and the client comes again after 12 seconds, or 299."""
    grant.rotate(0, retry_seconds=300)
    for seconds in (12, 287):
        _end_grace(redis, grant, seconds=seconds)
        assert grant.rotate(0, retry_seconds=300) == Rotation(grant.grant, 1)
    _end_grace(redis, grant, seconds=1)
    with pytest.raises(AlreadyUsed):
        grant.rotate(0, retry_seconds=300)
    _assert_dead(grant)


def test_32_concurrent_retries_get_the_same_successor(grant: OpenGrant, redis: Any) -> None:
    grant.rotate(0, retry_seconds=300)
    _end_grace(redis, grant)
    answers = all_at_once([lambda: grant.rotate(0, retry_seconds=300)] * 32)
    assert answers == [Rotation(grant.grant, 1)] * 32


def test_once_the_successor_was_exchanged_the_parent_is_reuse(grant: OpenGrant, redis: Any) -> None:
    grant.rotate(0, retry_seconds=300)
    grant.rotate(1, retry_seconds=300)
    with pytest.raises(AlreadyUsed):
        grant.rotate(0, retry_seconds=300)


@pytest.mark.parametrize("how", ["find", "require"])
def test_once_its_access_token_was_seen_the_parent_is_reuse(
    grant: OpenGrant, redis: Any, how: str
) -> None:
    look = getattr(grants, how)
    grant.rotate(0, retry_seconds=300)
    look(grant.handle, "older", issued_at=int(time.time()) - 60)
    assert _is_unused(redis, grant)
    grant.rotate(0, retry_seconds=300)
    look(grant.handle, "new", issued_at=int(time.time()) + 1)
    _wait_until(lambda: not _is_unused(redis, grant))
    grant.rotate(0, retry_seconds=300)  # within the grace
    _end_grace(redis, grant)
    with pytest.raises(AlreadyUsed):
        grant.rotate(0, retry_seconds=300)


def test_each_generation_is_unused_at_first(grant: OpenGrant, redis: Any) -> None:
    grant.rotate(0, retry_seconds=300)
    grants.find(grant.handle, "jti", issued_at=int(time.time()) + 1)
    _wait_until(lambda: not _is_unused(redis, grant))
    grant.rotate(1, retry_seconds=300)
    _end_grace(redis, grant)
    assert grant.rotate(1, retry_seconds=300).generation == 2


def test_a_grant_of_the_release_before_has_the_grace_alone(grant: OpenGrant, redis: Any) -> None:
    """It does not know whether its successor was used."""
    grant.rotate(0)
    redis.hdel(grant_key(grant.handle.bucket, grant.handle.grant_id), "unused")
    _end_grace(redis, grant)
    with pytest.raises(AlreadyUsed):
        grant.rotate(0, retry_seconds=300)


def _is_unused(redis: Any, grant: OpenGrant) -> bool:
    return bool(redis.hexists(grant_key(grant.handle.bucket, grant.handle.grant_id), "unused"))


def _wait_until(condition: Callable[[], bool]) -> None:
    """Wait for a command that was sent without waiting for it."""
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline


def test_a_client_that_may_have_nothing_any_more_changes_nothing(grant: OpenGrant) -> None:
    for asked in ((), ("profile",)):
        shown = RefreshPresentation(CLIENT, 0, asked, client_scope=("api",))
        with pytest.raises(Mismatch) as mismatch:
            grants.rotate(
                grant.handle, shown, request_id=new_id(), rotate=True, grace_seconds=0,
                idle_seconds=HOUR,
            )  # fmt: skip
        assert mismatch.value.field == "client_scope"
    assert grants.find_for_refresh(grant.handle, 0) == grant.grant
    assert grant.rotate(0).generation == 1


def test_no_grace_at_all(grant: OpenGrant, redis: Any) -> None:
    grant.rotate(0, grace_seconds=0)
    _end_grace(redis, grant, seconds=1)
    with pytest.raises(AlreadyUsed):
        grant.rotate(0, grace_seconds=0)


def test_a_generation_that_a_fail_over_has_forgotten_is_caught_up_with(grant: OpenGrant) -> None:
    assert grants.find_for_refresh(grant.handle, 3) == grant.grant
    assert grant.rotate(3, "lost").generation == 4
    assert grant.rotate(3, "lost").generation == 4
    with pytest.raises(AlreadyUsed):
        grant.rotate(1)


def test_without_rotation_the_generation_stays(grant: OpenGrant) -> None:
    for _ in range(3):
        assert grant.rotate(0, rotate=False) == Rotation(grant.grant, 0)


def test_a_client_that_stops_rotating_still_shows_reuse(grant: OpenGrant, redis: Any) -> None:
    grant.rotate(0)
    assert grant.rotate(0, rotate=False).generation == 1
    _end_grace(redis, grant)
    with pytest.raises(AlreadyUsed):
        grant.rotate(0, rotate=False)


def test_another_client_changes_nothing(grant: OpenGrant) -> None:
    with pytest.raises(Mismatch) as mismatch:
        grant.rotate(0, client_id="client-2")
    assert mismatch.value.field == "client_id"
    assert grant.rotate(0).generation == 1


def test_another_client_cannot_revoke_by_reuse(grant: OpenGrant) -> None:
    grant.rotate(0)
    grant.rotate(1)
    with pytest.raises(Mismatch):
        grant.rotate(0, client_id="client-2")
    assert grant.rotate(2).generation == 3


def test_more_scope_than_granted_changes_nothing(grant: OpenGrant) -> None:
    with pytest.raises(Mismatch) as mismatch:
        grant.rotate(0, scope=("openid", "admin"))
    assert mismatch.value.field == "scope"
    assert grants.find_for_refresh(grant.handle, 0) == grant.grant
    assert grant.rotate(0, scope=("profile", "openid")) == Rotation(grant.grant, 1)


def test_the_idle_time_starts_anew_and_ends_at_the_absolute_end(
    person: Person, grant: OpenGrant, redis: Any
) -> None:
    key = grant_key(person.bucket, grant.handle.grant_id)
    index, member = user_key(person.bucket, person.user_id), f"g:{grant.handle.grant_id}"
    for generation, idle_seconds, longest in ((0, 100, 100), (1, 2 * HOUR, HOUR)):
        grant.rotate(generation, idle_seconds=idle_seconds)
        assert longest - 5 < redis.ttl(key) <= longest
        assert redis.pexpiretime(key) == redis.zscore(index, member)


def test_32_concurrent_reuses_end_the_family_once(grant: OpenGrant) -> None:
    grant.rotate(0)
    grant.rotate(1)
    answers = all_at_once([lambda: grant.rotate(0)] * 32)
    assert (
        sorted(type(answer).__name__ for answer in answers) == ["AlreadyUsed"] + ["NotFound"] * 31
    )


# --- What is alive ------------------------------------------------------------------------------


def test_a_grant_ends_with_its_session_unless_it_is_offline(person: Person) -> None:
    sid = person.sign_in()
    online = person.open_grant(sid, offline=False)
    offline = person.open_grant(sid, offline=True)
    sign_ons.end(person.user_id, sid)
    _assert_found(offline)
    assert offline.rotate(0).generation == 1
    _assert_not_found(online)
    with pytest.raises(NotFound):
        online.rotate(0)
    with pytest.raises(NotFound):
        grants.find_for_refresh(online.handle, 0)


def test_signing_out_everywhere_ends_offline_grants_too(person: Person) -> None:
    grant = person.open_grant()
    sign_ons.end_all(person.user_id)
    _assert_dead(grant)
    with pytest.raises(NotFound):
        grant.rotate(0)


def test_a_grant_opened_right_after_signing_out_everywhere_lives(person: Person) -> None:
    """`not_before` and the start of a grant may fall into the same millisecond."""
    for _ in range(20):
        sign_ons.end_all(person.user_id)
        grant = person.open_grant()
        _assert_found(grant)
        sign_ons.end_all(person.user_id)
        _assert_not_found(grant)


def test_a_grant_past_its_absolute_end_is_dead(grant: OpenGrant, redis: Any) -> None:
    key = grant_key(grant.handle.bucket, grant.handle.grant_id)
    redis.hset(key, "expires_at", int(time.time()) - 1)
    with pytest.raises(NotFound):
        grant.rotate(0)


def test_for_introspection_current_and_predecessor_are_alive(grant: OpenGrant) -> None:
    grant.rotate(0)
    grant.rotate(1)
    assert grants.find_for_refresh(grant.handle, 2) == grant.grant
    assert grants.find_for_refresh(grant.handle, 1) == grant.grant
    with pytest.raises(NotFound):
        grants.find_for_refresh(grant.handle, 0)


# --- Revocation ---------------------------------------------------------------------------------


def test_revoking_a_grant_ends_it(person: Person, grant: OpenGrant, redis: Any) -> None:
    grants.revoke(grant.handle, CLIENT)
    _assert_dead(grant)
    members = redis.zrange(user_key(person.bucket, person.user_id), 0, -1)
    assert f"g:{grant.handle.grant_id}".encode() not in members
    grants.revoke(grant.handle, CLIENT)


def test_revoking_an_unknown_grant_is_fine(person: Person) -> None:
    grants.revoke(GrantHandle(person.bucket, new_id()), CLIENT)


def test_no_client_revokes_the_grant_of_another(grant: OpenGrant) -> None:
    with pytest.raises(Mismatch) as mismatch:
        grants.revoke(grant.handle, "client-2")
    assert mismatch.value.field == "client_id"
    _assert_found(grant)


def test_revoking_an_access_token_ends_that_one_only(grant: OpenGrant, redis: Any) -> None:
    grants.revoke_access_token(grant.handle.bucket, "jti-1", 600)
    _assert_not_found(grant, "jti-1")
    _assert_found(grant, "jti-2")
    assert 590 < redis.ttl(revoked_key(grant.handle.bucket, "jti-1")) <= 600


def test_an_access_token_without_a_grant_can_be_revoked(person: Person) -> None:
    jti = new_id()
    assert not grants.is_access_token_revoked(person.bucket, jti)
    grants.revoke_access_token(person.bucket, jti, 600)
    assert grants.is_access_token_revoked(person.bucket, jti)


def test_an_expired_access_token_needs_no_revocation(person: Person) -> None:
    grants.revoke_access_token(person.bucket, "jti-3", 0)
    assert not grants.is_access_token_revoked(person.bucket, "jti-3")


# --- The index ----------------------------------------------------------------------------------


def test_the_list_shows_living_grants_next_expiry_first(person: Person) -> None:
    sid = person.sign_in()
    first, second, third, revoked, online = (
        person.open_grant(sid, offline=offline) for offline in (True, True, True, True, False)
    )
    first.rotate(0, idle_seconds=3000)
    second.rotate(0, idle_seconds=1000)
    third.rotate(0, idle_seconds=2000)
    grants.revoke(revoked.handle, CLIENT)
    sign_ons.end(person.user_id, sid)
    assert online.grant not in grants.list_for_user(person.user_id)
    assert grants.list_for_user(person.user_id) == [second.grant, third.grant, first.grant]
    sign_ons.end_all(person.user_id)
    assert grants.list_for_user(person.user_id) == []


def test_the_index_drops_what_has_expired(person: Person, redis: Any) -> None:
    index = user_key(person.bucket, person.user_id)
    person.sign_in()
    redis.zadd(index, {"g:expired": int(time.time() * 1000) - 1})
    grant = person.open_grant()
    members = redis.zrange(index, 0, -1)
    assert b"g:expired" not in members
    assert f"g:{grant.handle.grant_id}".encode() in members


def test_the_index_lives_as_long_as_its_last_member(person: Person, redis: Any) -> None:
    index = user_key(person.bucket, person.user_id)
    sid = person.sign_in(lifetime_seconds=2 * HOUR)
    person.open_grant(sid)
    assert redis.pexpiretime(index) == redis.zscore(index, f"s:{sid}")
