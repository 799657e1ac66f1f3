"""Logout tokens. Spec: OpenID Connect Back-Channel Logout 1.0 section 2.4."""

from __future__ import annotations

import secrets
import time

from oidc.clients.record import Client
from oidc.conf import configuration
from oidc.keys import jws

TYP = "logout+jwt"
EVENT = "http://schemas.openid.net/event/backchannel-logout"
LIFETIME_SECONDS = 120
"""Section 4: short, so that it cannot be used again later. Every attempt gets a new one."""


def issue_logout_token(client: Client, user_id: str, sid: str) -> str:
    """Return the token that tells a client of the end of a session, signed like its ID tokens."""
    now = int(time.time())
    claims = {
        "iss": configuration().issuer,
        "sub": user_id,
        "aud": client.client_id,
        "iat": now,
        "exp": now + LIFETIME_SECONDS,
        "jti": secrets.token_urlsafe(16),
        "sid": sid,
        "events": {EVENT: {}},
    }
    return jws.sign(claims, algorithm=client.id_token_signed_response_alg, typ=TYP)
