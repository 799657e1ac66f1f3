"""ID tokens. Spec: OpenID Connect Core 1.0 sections 2 and 3.1.3.6."""

from __future__ import annotations

import hashlib
import time
from typing import Any

from oidc.clients.record import Client
from oidc.conf import configuration
from oidc.keys import jws
from oidc.keys.ring import encode
from oidc.stores.records import Grant

TYP = "JWT"


def issue_id_token(client: Client, grant: Grant, *, nonce: str, access_token: str) -> str:
    """Return the ID token of a grant, signed as the client registered.

    `nonce` is empty where the request had none, and after a refresh (section 12.2).
    """
    configured, now = configuration(), int(time.time())
    claims: dict[str, Any] = {
        "iss": configured.issuer,
        "sub": grant.user_id,
        "aud": client.client_id,
        "exp": now + configured.id_token_lifetime_seconds,
        "iat": now,
        "auth_time": grant.auth_time,
        "acr": grant.acr,
        "amr": list(grant.amr),
        "at_hash": left_half_hash(access_token),
    }
    if nonce:
        claims["nonce"] = nonce
    if client.backchannel_logout_uri or client.frontchannel_logout_uri:
        claims["sid"] = grant.sid
    return jws.sign(claims, algorithm=client.id_token_signed_response_alg, typ=TYP)


def read_id_token_hint(id_token_hint: str) -> dict[str, Any]:
    """Verify an ID token that comes back as a hint: signature and issuer, but not its expiry.

    Spec: section 3.1.2.1, `id_token_hint`.

    Raises:
        InvalidToken: not one of ours.
    """
    return jws.verify(id_token_hint, typ=TYP, verify_expiry=False)


def left_half_hash(value: str) -> str:
    """Return `at_hash` of an access token (or `c_hash` of a code) for a SHA-256 algorithm."""
    return encode(hashlib.sha256(value.encode()).digest()[:16]).decode()
