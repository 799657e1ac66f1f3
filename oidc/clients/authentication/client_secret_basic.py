"""HTTP Basic with the client's id and secret. Spec: RFC 6749 section 2.3.1."""

from __future__ import annotations

from binascii import a2b_base64

from oidc.clients.authentication.claim import Claim, claim_by_name, claim_with_secret
from oidc.clients.authentication.errors import invalid_client
from oidc.http import Request, form_urldecode

NAME = "client_secret_basic"


def is_presented(request: Request) -> bool:
    """Any Authorization header counts: another scheme is a failed authentication."""
    return "authorization" in request.headers


def claim(request: Request) -> Claim:
    """Read id and secret, each form-urldecoded as the specification wants it.

    An empty secret is none (section 2.3.1): some libraries name public clients so.
    """
    scheme, _, encoded = request.headers["authorization"].partition(" ")
    if scheme.lower() != "basic":
        raise invalid_client("an Authorization header that is not Basic")
    try:
        decoded = a2b_base64(encoded.strip(), strict_mode=True).decode()
        client_id, separator, secret = decoded.partition(":")
        client_id = form_urldecode(client_id)
        secret = form_urldecode(secret)
    except ValueError as error:
        raise invalid_client("malformed Basic credentials") from error
    if not (separator and client_id) or not (client_id + secret).isprintable():
        raise invalid_client("malformed Basic credentials")
    return claim_with_secret(client_id, secret) if secret else claim_by_name(client_id)
