"""A client that proves itself by a signed JWT (RFC 7523), and what becomes of one that does not."""

from __future__ import annotations

import secrets
import time
from typing import Any
from urllib.parse import urlencode

import jwt

from tests.clients.keys_for_tests import PRIVATE_KEYS, public_jwk
from tests.support.battery import FORM_HEADERS, assert_refused
from tests.support.doors import Answer, Send
from tests.support.relying_party import ISSUER, RelyingParty

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
TOKEN_ENDPOINT = ISSUER + "/oauth2/token"


class Signer:
    """A machine client that proves itself with a key of its own."""

    def __init__(self, send: Send, alg: str = "ES256", **metadata: Any) -> None:
        self.alg, self.private_key = alg, PRIVATE_KEYS[alg]
        metadata.setdefault("jwks", {"keys": [public_jwk(alg, kid="one", use="sig")]})
        metadata = {k: v for k, v in metadata.items() if v is not None}
        self.client = RelyingParty.register(
            send, "machine", scope="api", token_endpoint_auth_method="private_key_jwt", **metadata
        )
        self.client_id = self.client.client_id

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Return the claims of a good assertion; None removes one."""
        now = int(time.time())
        good = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": ISSUER,
            "jti": secrets.token_urlsafe(12),
            "iat": now,
            "exp": now + 60,
        }
        return {name: value for name, value in (good | changes).items() if value is not None}

    def assertion(self, kid: str | None = "one", **changes: Any) -> str:
        header = {"kid": kid} if kid is not None else {}
        return jwt.encode(self.claims(**changes), self.private_key, self.alg, header)

    def send(self, assertion: str, **changes: str | None) -> Answer:
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion,
        }
        fields = {name: value for name, value in (form | changes).items() if value is not None}
        return self.client.send(
            "POST", "/oauth2/token", "", urlencode(fields).encode(), FORM_HEADERS
        )


def assert_invalid_client(answer: Answer) -> None:
    assert assert_refused(answer, 401)["error"] == "invalid_client"
