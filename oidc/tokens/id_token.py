"""ID tokens. Spec: OpenID Connect Core 1.0 sections 2, 3.1.3.6, 3.2.2.10 and 3.3.2.11."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from oidc.base64url import encode
from oidc.clients.record import Client
from oidc.conf import configuration
from oidc.keys.algorithms import half_hash
from oidc.keys.jws import InvalidToken
from oidc.stores.records import Grant
from oidc.tokens.for_client import OwnToken, read_own, secure_like_id_token
from oidc.tokens.subjects import subject_for

TYP = "JWT"


def issue_id_token(
    client: Client,
    grant: Grant,
    *,
    nonce: str = "",
    access_token: str = "",
    code: str = "",
    claims: Mapping[str, Any] | None = None,
) -> str:
    """Return the ID token of a grant, signed and encrypted as the client registered.

    `nonce` is empty where the request had none, and after a refresh (section 12.2).
    `access_token`, `code`: what goes out beside it, and is bound to it by a hash.
    `claims`: about the person, where nothing else would deliver them.
    """
    configured, now = configuration(), int(time.time())
    members: dict[str, Any] = {
        **(claims or {}),
        "iss": configured.issuer,
        "sub": subject_for(client, grant.user_id),
        "aud": client.client_id,
        "exp": now + configured.id_token_lifetime_seconds,
        "iat": now,
        "auth_time": grant.auth_time,
        "acr": grant.acr,
        "amr": list(grant.amr),
    }
    if nonce:
        members["nonce"] = nonce
    if access_token:
        members["at_hash"] = _hash(client, access_token)
    if code:
        members["c_hash"] = _hash(client, code)
    if client.backchannel_logout_uri or client.frontchannel_logout_uri:
        members["sid"] = grant.sid
    return secure_like_id_token(client, members, typ=TYP)


def read_id_token_hint(id_token_hint: str) -> OwnToken:
    """Verify an ID token that comes back as a hint: signature and issuer, but not its expiry.

    Spec: section 3.1.2.1, `id_token_hint`.

    Raises:
        InvalidToken: not one of ours, or an access token, which may have the same `typ`.
    """
    hint = read_own(id_token_hint, typ=TYP)
    if "client_id" in hint.claims:
        raise InvalidToken("an access token")
    return hint


def _hash(client: Client, value: str) -> str:
    return encode(half_hash(client.id_token_signed_response_alg, value)).decode()
