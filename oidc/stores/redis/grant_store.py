"""Grants and revoked access tokens on the cluster."""

from __future__ import annotations

from oidc.conf import configuration
from oidc.stores.buckets import bucket_of
from oidc.stores.records import Grant, GrantHandle, RefreshPresentation, Rotation
from oidc.stores.redis.answers import unwrap
from oidc.stores.redis.cluster import post, run_script
from oidc.stores.redis.keys import grant_key, not_before_key, revoked_key, sid_key, user_key
from oidc.stores.redis.lateness import sent_at_ms
from oidc.stores.redis.packing import pack_grant, unpack_grant
from oidc.stores.redis.pages import all_rows
from oidc.stores.redis.script import Argument, load_script

_OPEN = load_script("grants_open", library="person", reads_found_keys=True)
_FIND = load_script("grants_find", library="person", reads_found_keys=True)
_REQUIRE = load_script("grants_require", library="person", reads_found_keys=True)
_ROTATE = load_script("grants_rotate", library="person", reads_found_keys=True)
_REVOKE = load_script("grants_revoke", library="person", reads_found_keys=True)
_LIST = load_script("grants_list", library="person", reads_found_keys=True)
_IS_REVOKED = load_script("grants_is_revoked")
_REVOKE_ACCESS_TOKEN = load_script("grants_revoke_access_token")


class RedisGrants:
    """See `stores.base.Grants`.

    Redis: a hash with the columns of the grant, `start` (ms, compared with `not_before`),
    `generation`, and since the last rotation `rotated_ms`, `rotated_by`, its request id, and
    `unanswered` until the new generation is on its way to the client, and `unused` until it has
    been seen.
    """

    def open(self, handle: GrantHandle, grant: Grant, lifetime_seconds: int) -> None:
        bucket, grant_id = handle.bucket, handle.grant_id
        keys = [
            grant_key(bucket, grant_id),
            sid_key(bucket, grant.sid),
            not_before_key(bucket, grant.user_id),
            user_key(bucket, grant.user_id),
        ]
        lifetime_ms, most = lifetime_seconds * 1000, configuration().grants_per_person_and_client
        arguments: list[Argument] = [bucket, grant_id, lifetime_ms, most, *pack_grant(grant)]
        unwrap(run_script(_OPEN, keys, arguments, write=True))

    def find(self, handle: GrantHandle, jti: str, *, issued_at: int = 0) -> Grant:
        bucket, grant_id = handle.bucket, handle.grant_id
        keys = [grant_key(bucket, grant_id), revoked_key(bucket, jti)]
        reply = run_script(_FIND, keys, [bucket, "", issued_at * 1000], write=False)
        is_first_use, *columns = unwrap(reply)
        _note_use(keys[0], is_first_use)
        return unpack_grant(grant_id, columns)

    def require(self, handle: GrantHandle, jti: str, *, issued_at: int = 0) -> str:
        bucket = handle.bucket
        keys = [grant_key(bucket, handle.grant_id), revoked_key(bucket, jti)]
        reply = run_script(_REQUIRE, keys, [bucket, issued_at * 1000], write=False)
        is_first_use, user_id = unwrap(reply)
        _note_use(keys[0], is_first_use)
        return str(user_id)

    def is_access_token_revoked(self, bucket: str, jti: str) -> bool:
        return bool(run_script(_IS_REVOKED, [revoked_key(bucket, jti)], [], write=False))

    def find_for_refresh(self, handle: GrantHandle, generation: int) -> Grant:
        bucket, grant_id = handle.bucket, handle.grant_id
        keys = [grant_key(bucket, grant_id)]
        _, *columns = unwrap(run_script(_FIND, keys, [bucket, generation, 0], write=False))
        return unpack_grant(grant_id, columns)

    def rotate(
        self,
        handle: GrantHandle,
        presented: RefreshPresentation,
        *,
        request_id: str,
        rotate: bool,
        grace_seconds: int,
        idle_seconds: int,
        retry_seconds: int = 0,
    ) -> Rotation:
        bucket, grant_id = handle.bucket, handle.grant_id
        arguments: list[Argument] = [
            bucket,
            grant_id,
            presented.client_id,
            presented.generation,
            " ".join(presented.scope),
            request_id,
            int(rotate),
            grace_seconds * 1000,
            retry_seconds * 1000,
            idle_seconds * 1000,
            sent_at_ms(),
        ]
        if presented.client_scope is not None:
            arguments.append(" ".join(presented.client_scope))
        key = grant_key(bucket, grant_id)
        generation, *columns = unwrap(run_script(_ROTATE, [key], arguments, write=True))
        if rotate:
            # Confirmed, so the caller will answer. Should this be lost, the grace just stays open.
            post("HDEL", key, "unanswered")
        return Rotation(unpack_grant(grant_id, columns), generation)

    def revoke(self, handle: GrantHandle, client_id: str) -> None:
        bucket, grant_id = handle.bucket, handle.grant_id
        keys = [grant_key(bucket, grant_id)]
        unwrap(run_script(_REVOKE, keys, [bucket, grant_id, client_id], write=True))

    def revoke_access_token(self, bucket: str, jti: str, lifetime_seconds: int) -> None:
        if lifetime_seconds <= 0:
            return
        keys = [revoked_key(bucket, jti)]
        unwrap(run_script(_REVOKE_ACCESS_TOKEN, keys, [lifetime_seconds * 1000], write=True))

    def list_for_user(self, user_id: str) -> list[Grant]:
        bucket = bucket_of(user_id)
        rows = all_rows(_LIST, [user_key(bucket, user_id)], [bucket])
        return [unpack_grant(grant_id, columns) for grant_id, *columns in rows]


def _note_use(key: str, is_first_use: int) -> None:
    """Remember that an access token of the current generation was seen, once a generation."""
    if is_first_use:
        # Nobody waits for it. Should it be lost, the next use of the token says so again.
        post("HDEL", key, "unused")
