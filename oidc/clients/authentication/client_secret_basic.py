"""HTTP Basic with the client's id and secret. Spec: RFC 6749 section 2.3.1."""

from __future__ import annotations

import base64
from urllib.parse import unquote_plus

from oidc.clients.authentication.errors import invalid_client
from oidc.clients.record import Client
from oidc.http import Request

NAME = "client_secret_basic"


def is_presented(request: Request) -> bool:
    """Any Authorization header counts: another scheme is a failed authentication."""
    return "authorization" in request.headers


def claimed_client_id(request: Request) -> str:
    return _credentials(request)[0]


def verify(request: Request, client: Client) -> None:
    if not client.check_client_secret(_credentials(request)[1]):
        raise invalid_client("wrong or expired client secret")


def _credentials(request: Request) -> tuple[str, str]:
    """Return id and secret, each form-urldecoded as the specification wants it."""
    scheme, _, encoded = request.headers["authorization"].partition(" ")
    if scheme.lower() != "basic":
        raise invalid_client("an Authorization header that is not Basic")
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True).decode()
        client_id, separator, secret = decoded.partition(":")
        client_id = unquote_plus(client_id, errors="strict")
        secret = unquote_plus(secret, errors="strict")
    except ValueError as error:
        raise invalid_client("malformed Basic credentials") from error
    if not (separator and client_id and secret) or not (client_id + secret).isprintable():
        raise invalid_client("malformed Basic credentials")
    return client_id, secret
