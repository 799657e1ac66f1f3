"""Records as the fields of a hash, and back.

Each column is a field of its own, so that scripts read what they decide on by name. The order of
`GRANT` and `CODE` is the order in which the scripts answer.
"""

from __future__ import annotations

from oidc.stores.records import AuthorizationCode, Grant, SignOn
from oidc.stores.redis.script import Argument

GRANT_COLUMNS = 10
_CLIENT = "client:"


def pack_grant(grant: Grant) -> list[Argument]:
    return [
        "user", grant.user_id,
        "client", grant.client_id,
        "scope", " ".join(grant.scope),
        "sid", grant.sid,
        "offline", int(grant.offline),
        "auth_time", grant.auth_time,
        "acr", grant.acr,
        "amr", " ".join(grant.amr),
        "expires_at", grant.expires_at,
        "claims", grant.claims,
    ]  # fmt: skip


def unpack_grant(grant_id: str, columns: list[str]) -> Grant:
    user, client, scope, sid, offline, auth_time, acr, amr, expires_at, claims = columns
    return Grant(
        grant_id=grant_id,
        user_id=user,
        client_id=client,
        scope=tuple(scope.split()),
        sid=sid,
        offline=offline == "1",
        auth_time=int(auth_time),
        acr=acr,
        amr=tuple(amr.split()),
        expires_at=int(expires_at),
        claims=claims or "",  # None: the grant is older than this column
    )


def pack_code(code: AuthorizationCode) -> list[Argument]:
    omitted: list[Argument] = ["redirect_uri_omitted", 1] if code.redirect_uri_omitted else []
    return [
        *pack_grant(code.grant),
        "redirect_uri", code.redirect_uri,
        "code_challenge", code.code_challenge,
        "nonce", code.nonce,
        *omitted,
    ]  # fmt: skip


def unpack_code(grant_id: str, columns: list[str]) -> AuthorizationCode:
    redirect_uri, code_challenge, nonce, redirect_uri_omitted = columns[GRANT_COLUMNS:]
    return AuthorizationCode(
        grant=unpack_grant(grant_id, columns[:GRANT_COLUMNS]),
        redirect_uri=redirect_uri,
        code_challenge=code_challenge,
        nonce=nonce,
        redirect_uri_omitted=redirect_uri_omitted == "1",  # None: it was there
    )


def unpack_sign_on(sid: str, fields_and_values: list[str]) -> SignOn:
    """Read a session: its user, its start, and a numbered field for each client."""
    record = dict(zip(fields_and_values[::2], fields_and_values[1::2], strict=True))
    clients = [field for field in record if field.startswith(_CLIENT)]
    clients.sort(key=lambda field: int(record[field]))
    return SignOn(
        sid=sid,
        user_id=record["user"],
        started_at_ms=int(record["start"]),
        client_ids=tuple(field.removeprefix(_CLIENT) for field in clients),
    )
