"""The client credentials grant. Spec: RFC 6749 section 4.4; RFC 9068 section 2.2 (`sub`)."""

from __future__ import annotations

from functools import lru_cache

from oidc.errors import ProtocolError
from oidc.grants.base import TokenGrant, TokenResponse
from oidc.tokens.claims import SCOPES_SUPPORTED
from oidc.tokens.issuer import issue_machine_token


class ClientCredentialsGrant(TokenGrant):
    """Gives a confidential client a token of its own. No store is asked."""

    GRANT_TYPE = "client_credentials"
    scope: tuple[str, ...]

    def validate_token_request(self) -> None:
        """Check the client and the scope; without a scope it gets all that it may have.

        Scopes about people are not for machines.

        Raises:
            ProtocolError: `unauthorized_client`: public; `invalid_scope`: more than it may have.
        """
        if self.client.is_public:
            raise ProtocolError("unauthorized_client", "public clients have no credentials")
        allowed = _scope_for_machines(self.client.scope)
        requested = tuple(dict.fromkeys(self.form.get("scope", "").split()))
        if any(value not in allowed for value in requested):
            raise ProtocolError("invalid_scope", "the client may not have this scope")
        self.scope = requested or allowed

    def create_token_response(self) -> TokenResponse:
        return 200, issue_machine_token(self.client, self.scope), ()


@lru_cache(maxsize=1024)
def _scope_for_machines(scope: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(value for value in scope if value not in SCOPES_SUPPORTED)
