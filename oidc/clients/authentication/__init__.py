"""Client authentication: exactly one method, exactly the registered one, before all else.

Spec: RFC 6749 section 2.3; OpenID Connect Core 1.0 section 9.
"""

from __future__ import annotations

from typing import Protocol

from authlib.oauth2.rfc6749 import ClientAuthentication as AuthlibClientAuthentication

from oidc.clients.authentication import (
    client_secret_basic,
    client_secret_jwt,
    client_secret_post,
    none,
    private_key_jwt,
)
from oidc.clients.authentication.claim import Claim
from oidc.clients.authentication.errors import invalid_client
from oidc.clients.record import Client
from oidc.clients.repository import find_client, find_client_or_reason
from oidc.errors import ProtocolError
from oidc.http import Request


class Method(Protocol):
    """A module of this package."""

    NAME: str

    def is_presented(self, request: Request) -> bool:
        """Tell whether a request uses this method. Looks at nothing but the request."""

    def claim(self, request: Request) -> Claim:
        """Read whom the request claims to come from. May raise `ProtocolError`."""


METHODS: tuple[Method, ...] = (
    client_secret_basic,
    client_secret_post,
    client_secret_jwt,
    private_key_jwt,
    none,
)
METHOD_NAMES = tuple(method.NAME for method in METHODS)
ASSERTION_ALGORITHMS = (*private_key_jwt.ALGORITHMS, *client_secret_jwt.ALGORITHMS)


class ClientAuthentication(AuthlibClientAuthentication):
    """The registry that Authlib's server asks."""

    def __init__(self) -> None:
        super().__init__(find_client)

    def authenticate(self, request: object, methods: object, endpoint: str) -> Client:
        """Authenticate the client of an Authlib request (see `authenticate_client`)."""
        client = authenticate_client(request.http)  # type: ignore[attr-defined]
        request.auth_method = client.token_endpoint_auth_method  # type: ignore[attr-defined]
        return client


def authenticate_client(request: Request) -> Client:
    """Return the client that a request comes from.

    Raises:
        ProtocolError: `invalid_request` for two methods at once or a second, different
            client_id; `invalid_client` (401) for everything else.
    """
    presented = [method for method in METHODS if method.is_presented(request)]
    if len(presented) > 1:
        raise ProtocolError("invalid_request", "more than one client authentication method")
    if not presented:
        raise invalid_client("the request has no client authentication")
    method = presented[0]
    client_id, verify, proves_nothing = method.claim(request)
    name = none.NAME if proves_nothing else method.NAME
    request.notes["client_id"] = client_id[:255]
    if request.form.get("client_id", client_id) != client_id:
        raise ProtocolError("invalid_request", "client_id differs from the authenticated client")
    client = find_client_or_reason(client_id)
    if isinstance(client, str):
        raise invalid_client(client)
    if not client.check_endpoint_auth_method(name, "token"):
        registered = client.token_endpoint_auth_method
        detail = f"{name} presented, {registered} registered"
        raise invalid_client(detail, registered_method=registered)
    verify(client)
    return client
