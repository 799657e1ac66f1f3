"""What our grants share: Authlib's base, with the client authenticated before the grant runs."""

from __future__ import annotations

from typing import Any

from authlib.oauth2.rfc6749.grants.base import BaseGrant, TokenEndpointMixin

from oidc.account_state import is_disabled
from oidc.clients.record import Client
from oidc.errors import ProtocolError
from oidc.http import Parameters, Request
from oidc.stores.records import Grant, GrantHandle
from oidc.stores.redis import grants

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


def check_account(handle: GrantHandle, grant: Grant) -> None:
    """Refuse a grant whose account was disabled around the server, and end it.

    At most one SQL query; one round trip more for a disabled one.

    Raises:
        ProtocolError: `invalid_grant`: the account is gone or disabled.
    """
    if is_disabled(grant.user_id):
        grants.revoke(handle, grant.client_id)
        raise invalid_grant("the person's account is gone or disabled")


def nothing_left() -> ProtocolError:
    """Make the answer to a client that may have nothing any more of what was granted to it."""
    return ProtocolError("invalid_scope", "the client may not have any of this scope any more")


def invalid_grant(detail: str) -> ProtocolError:
    """Make the one answer to every grant that does not hold (RFC 6749 section 5.2)."""
    return ProtocolError("invalid_grant", "the grant is invalid, expired or revoked", detail=detail)
