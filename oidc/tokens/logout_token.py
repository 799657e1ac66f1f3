"""Logout tokens. Spec: OpenID Connect Back-Channel Logout 1.0 section 2.4."""

from __future__ import annotations

import secrets
import time

from oidc.clients.record import Client
from oidc.conf import configuration
from oidc.tokens.for_client import secure_like_id_token
from oidc.tokens.subjects import subject_for

TYP = "logout+jwt"
EVENT = "http://schemas.openid.net/event/backchannel-logout"
LIFETIME_SECONDS = 120
"""Section 4: short, so that it cannot be used again later. Every attempt gets a new one."""


def issue_logout_token(client: Client, user_id: str, sid: str) -> str:
    """Return the token that tells a client of the end of a session, secured like its ID tokens.

    Raises:
        ProtocolError: the client's secret or keys do not serve for what it registered.
    """
    now = int(time.time())
    claims = {
        "iss": configuration().issuer,
        "sub": subject_for(client, user_id),
        "aud": client.client_id,
        "iat": now,
        "exp": now + LIFETIME_SECONDS,
        "jti": secrets.token_urlsafe(16),
        "sid": sid,
        "events": {EVENT: {}},
    }
    return secure_like_id_token(client, claims, typ=TYP)
