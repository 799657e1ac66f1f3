"""Authorization codes on the cluster."""

from __future__ import annotations

from oidc.conf import configuration
from oidc.stores.records import AuthorizationCode, CodePresentation, GrantHandle
from oidc.stores.redis.answers import unwrap
from oidc.stores.redis.cluster import run_script
from oidc.stores.redis.keys import code_key, grant_key, not_before_key, sid_key, user_key
from oidc.stores.redis.lateness import sent_at_ms
from oidc.stores.redis.packing import pack_code, unpack_code
from oidc.stores.redis.script import Argument, load_script

_ISSUE = load_script("codes_issue", library="person", reads_found_keys=True)
_REDEEM = load_script("codes_redeem", library="person", reads_found_keys=True)


class RedisCodes:
    """See `stores.base.Codes`.

    Redis: a hash with the columns of the code and its grant, `redeemable_ms`, `opened` if the
    grant was opened with it, and once it is used `used_by`, the request id that used it, and
    `used_ms`.
    """

    def issue(
        self,
        handle: GrantHandle,
        code_hash: str,
        code: AuthorizationCode,
        lifetime_seconds: int,
        *,
        grant_lifetime_seconds: int = 0,
    ) -> None:
        bucket, grant = handle.bucket, code.grant
        keys = [
            code_key(bucket, code_hash),
            grant_key(bucket, handle.grant_id),
            sid_key(bucket, grant.sid),
            not_before_key(bucket, grant.user_id),
            user_key(bucket, grant.user_id),
        ]
        trace_ms = 2 * lifetime_seconds * 1000
        grant_ms = max(grant_lifetime_seconds * 1000, trace_ms) if grant_lifetime_seconds else 0
        lifetimes = [lifetime_seconds * 1000, trace_ms, grant_ms]
        most = configuration().grants_per_person_and_client
        arguments: list[Argument] = [bucket, handle.grant_id, *lifetimes, most, *pack_code(code)]
        unwrap(run_script(_ISSUE, keys, arguments, write=True))

    def redeem(
        self,
        handle: GrantHandle,
        code_hash: str,
        presented: CodePresentation,
        *,
        request_id: str,
        grant_lifetime_seconds: int,
    ) -> AuthorizationCode:
        bucket, grant_id = handle.bucket, handle.grant_id
        keys = [code_key(bucket, code_hash), grant_key(bucket, grant_id)]
        arguments: list[Argument] = [
            bucket,
            grant_id,
            presented.client_id,
            presented.redirect_uri,
            presented.code_challenge,
            request_id,
            grant_lifetime_seconds * 1000,
            sent_at_ms(),
            configuration().grants_per_person_and_client,
        ]
        return unpack_code(grant_id, unwrap(run_script(_REDEEM, keys, arguments, write=True)))
