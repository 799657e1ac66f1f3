"""Userinfo responses as JWTs. Spec: OpenID Connect Core 1.0 section 5.3.2."""

from __future__ import annotations

from typing import Any

from oidc.clients.record import Client
from oidc.compact_json import compact_json
from oidc.conf import configuration
from oidc.tokens.for_client import encrypt_for_client, sign_for_client

TYP = "JWT"


def secured_userinfo(client: Client, members: dict[str, Any]) -> str:
    """Return the claims signed, encrypted, or both, as the client registered.

    Raises:
        ProtocolError: `invalid_request`: the client's secret or keys do not serve for it.
    """
    algorithm = client.userinfo_signed_response_alg
    if algorithm:
        addressed = {**members, "iss": configuration().issuer, "aud": client.client_id}
        payload = sign_for_client(client, addressed, algorithm, typ=TYP)
    else:
        payload = compact_json(members).decode()
    alg, enc = client.userinfo_encrypted_response_alg, client.userinfo_encrypted_response_enc
    return encrypt_for_client(client, payload, alg, enc, nested=bool(algorithm)) if alg else payload
