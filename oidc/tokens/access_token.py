"""Access tokens: signed JWTs (RFC 9068), where registered opaque or encrypted."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from oidc.clients.record import ACCESS_TOKEN_TYPES, AT_JWT, OPAQUE, Client
from oidc.clients.resources import demanding_resource, signature_wanted
from oidc.conf import configuration
from oidc.keys import jws
from oidc.keys.algorithms import ACCESS_TOKEN_ALGORITHM
from oidc.randomness import random_bytes
from oidc.stores.buckets import bucket_of
from oidc.stores.records import Grant, GrantHandle
from oidc.tokens import handles, opaque
from oidc.tokens.encrypted_access_token import encrypted_for_api, opened
from oidc.tokens.subjects import subject_for
from oidc.tokens.verified import VerifiedTokens

_JTI_RANDOM_BYTES = 10
_MEMBERS = frozenset({"client_id", "jti", "scope", "aud"})


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A verified access token. `handle` is where its grant lives; without one it is a machine's.

    A machine's token (client credentials) has no grant: only the bucket of its handle counts.
    """

    claims: Mapping[str, Any]
    handle: GrantHandle
    has_grant: bool
    expires_at: int
    jti: str
    audience: tuple[str, ...]
    scope: tuple[str, ...]


def issue_user_access_token(
    client: Client, grant: Grant, masked: bytes, scope: tuple[str, ...]
) -> tuple[str, int]:
    """Return an access token for a grant, and its lifetime in seconds.

    `masked`: the grant's masked handle.
    """
    authentication = {"auth_time": grant.auth_time, "acr": grant.acr, "amr": list(grant.amr)}
    sub = subject_for(client, grant.user_id)
    return _issue(client, sub, scope, masked, authentication)


def issue_machine_access_token(client: Client, scope: tuple[str, ...]) -> tuple[str, int]:
    """Return an access token of the client itself, and its lifetime in seconds."""
    masked = handles.mask(random_bytes(16), bucket_of(client.client_id))
    return _issue(client, client.client_id, scope, masked, {})


def read_access_token(token: str) -> AccessToken:
    """Verify an access token of ours, without asking whether its grant still lives.

    Raises:
        InvalidToken: not ours, not an access token, or expired.
    """
    # Remembered opened: of an encrypted one, part is for the API alone, and may say anything to us.
    return _verified.read(opened(token))


def _read(token: str) -> AccessToken:
    """Read a token that is not remembered.

    Where `typ` is `JWT`, ID tokens have the same one: what tells them apart are the members that
    every access token has, `jti` in the form of ours above all, and no other token.
    """
    is_opaque = token.startswith(opaque.PREFIX)
    claims = opaque.unseal(token) if is_opaque else jws.verify(token, typ=ACCESS_TOKEN_TYPES)
    if not claims.keys() >= _MEMBERS:
        raise jws.InvalidToken("not an access token")
    try:
        masked = handles.decode(str(claims["jti"]))[: handles.MASKED_BYTES]
        random, bucket = handles.unmask(masked)
    except handles.MalformedHandle as error:
        raise jws.InvalidToken(str(error)) from error
    handle = GrantHandle(bucket, handles.encode(random))
    has_grant = claims["sub"] != claims["client_id"]
    aud = claims["aud"]
    return AccessToken(
        MappingProxyType(claims),
        handle,
        has_grant,
        claims["exp"],
        str(claims["jti"]),
        (aud,) if isinstance(aud, str) else tuple(aud),
        tuple(str(claims["scope"]).split()),
    )


_verified = VerifiedTokens(_read)


def lifetime_of(client: Client) -> int:
    """Return the lifetime of a client's access tokens in seconds."""
    return client.access_token_lifetime_seconds or configuration().access_token_lifetime_seconds


def _issue(
    client: Client,
    sub: str,
    scope: tuple[str, ...],
    masked: bytes,
    authentication: dict[str, Any],
) -> tuple[str, int]:
    now, lifetime = int(time.time()), lifetime_of(client)
    claims = {
        "iss": configuration().issuer,
        "exp": now + lifetime,
        "aud": _audience(client, scope),
        "sub": sub,
        "client_id": client.client_id,
        "iat": now,
        "jti": handles.encode(masked + random_bytes(_JTI_RANDOM_BYTES)),
        "scope": " ".join(scope),
        **authentication,
    }
    return _as_wanted(client, claims), lifetime


def _as_wanted(client: Client, claims: dict[str, Any]) -> str:
    """Return the token in the form that the client, or an API of its audience, has registered."""
    audience = client.access_token_audience
    resource = demanding_resource(audience)
    if OPAQUE in (client.access_token_format, resource and resource.access_token_format):
        return opaque.seal(claims)
    wanted_alg, wanted_typ = signature_wanted(audience)
    algorithm = wanted_alg or client.access_token_signing_alg or ACCESS_TOKEN_ALGORITHM
    typ = wanted_typ or client.access_token_typ or AT_JWT
    token = jws.sign(claims, algorithm=algorithm, typ=typ)
    return encrypted_for_api(resource, token, typ=typ) if resource else token


def _audience(client: Client, scope: tuple[str, ...]) -> str | list[str]:
    """The APIs the client's tokens are for, and ourselves where userinfo may be asked."""
    issuer = configuration().issuer
    if not client.access_token_audience:
        return issuer
    ours = [issuer] if "openid" in scope else []
    return [*client.access_token_audience, *ours]
