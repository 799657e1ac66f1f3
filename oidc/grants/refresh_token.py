"""The refresh token grant. Spec: RFC 6749 section 6; RFC 9700 section 4.14; Core section 12."""

from __future__ import annotations

from typing import NamedTuple

from oidc.conf import configuration
from oidc.errors import AlreadyUsed, Mismatch, NotFound, ProtocolError
from oidc.grants.base import TokenGrant, TokenResponse, check_account, invalid_grant, nothing_left
from oidc.stores.records import GrantHandle, RefreshPresentation
from oidc.stores.redis import grants
from oidc.tokens.issuer import issue_user_tokens
from oidc.tokens.refresh_token import MalformedRefreshToken, read_refresh_token


class ValidatedRefreshRequest(NamedTuple):
    """An authentic refresh token, a client, and perhaps a narrower scope."""

    handle: GrantHandle
    presentation: RefreshPresentation


class RefreshTokenGrant(TokenGrant):
    """Exchanges a refresh token for its successor and fresh tokens."""

    GRANT_TYPE = "refresh_token"
    validated: ValidatedRefreshRequest

    def validate_token_request(self) -> None:
        """Authenticate the refresh token. A forged one never reaches the store.

        Raises:
            ProtocolError: `invalid_request`: missing; `invalid_grant`: not authentic;
                `invalid_scope`: the client may have nothing of what it asks for.
        """
        token = self.required("refresh_token")
        try:
            reference = read_refresh_token(token)
        except MalformedRefreshToken as error:
            raise invalid_grant(f"not a refresh token of this server: {error}") from error
        scope = tuple(dict.fromkeys(self.form.get("scope", "").split()))
        if scope and not self.client.still_allowed(scope):
            raise nothing_left()
        self.validated = ValidatedRefreshRequest(
            reference.handle,
            RefreshPresentation(
                self.client.client_id, reference.generation, scope, self.client.scope
            ),
        )

    def create_token_response(self) -> TokenResponse:
        """Rotate and issue. One round trip."""
        handle, presentation = self.validated.handle, self.validated.presentation
        configured = configuration()
        try:
            rotation = grants.rotate(
                handle,
                presentation,
                request_id=self.http.request_id,
                rotate=self.client.is_public or self.client.rotate_refresh_tokens,
                grace_seconds=configured.refresh_token_grace_seconds,
                retry_seconds=configured.refresh_token_retry_seconds,
                idle_seconds=configured.refresh_token_idle_seconds,
            )
        except NotFound as error:
            raise invalid_grant("no living grant: expired, revoked or signed out") from error
        except AlreadyUsed as error:
            raise invalid_grant("refresh token used again; its grant is revoked now") from error
        except Mismatch as error:
            if error.field == "scope":
                raise ProtocolError("invalid_scope", "more scope than was granted") from error
            if error.field == "client_scope":
                raise nothing_left() from error
            raise invalid_grant(f"the grant is bound to another {error.field}") from error
        self.http.notes["user_id"] = rotation.grant.user_id
        check_account(handle, rotation.grant)
        members = issue_user_tokens(
            self.client,
            rotation.grant,
            handle,
            generation=rotation.generation,
            scope=presentation.scope or rotation.grant.scope,
        )
        return 200, members, ()
