"""What our grants share: Authlib's base, with the client authenticated before the grant runs."""

from __future__ import annotations

from typing import Any

from authlib.oauth2.rfc6749.grants.base import BaseGrant, TokenEndpointMixin

from oidc.clients.record import Client
from oidc.errors import ProtocolError
from oidc.http import Parameters, Request

TokenResponse = tuple[int, dict[str, Any], tuple[tuple[str, str], ...]]


class TokenGrant(BaseGrant, TokenEndpointMixin):
    """A grant of the token endpoint: `validate_token_request` fills in a frozen validated
    request, `create_token_response` lets the store decide and issues."""

    def __init__(self, request: Any, server: Any) -> None:
        super().__init__(request, server)
        self.http: Request = request.http
        self.form: Parameters = request.http.form

    @property
    def client(self) -> Client:
        return self.request.client

    def required(self, name: str) -> str:
        """Return a form parameter.

        Raises:
            ProtocolError: `invalid_request`: it is missing. `name` is one of ours, so it may show.
        """
        if name not in self.form:
            raise ProtocolError("invalid_request", f"{name} is missing")
        return self.form[name]


def invalid_grant(detail: str) -> ProtocolError:
    """Make the one answer to every grant that does not hold (RFC 6749 section 5.2)."""
    return ProtocolError("invalid_grant", "the grant is invalid, expired or revoked", detail=detail)
