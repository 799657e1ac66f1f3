"""The authorization code grant. Spec: RFC 6749 section 4.1; RFC 7636; OAuth 2.1 section 4.1.

`redirect_uri` binds the code to the authorization request. PKCE does that better, so OAuth 2.1 does
without it (section 10.2); where a client sends it, it must be the same.
"""

from __future__ import annotations

import hashlib
import re
from typing import NamedTuple

from oidc import base64url
from oidc.conf import configuration
from oidc.errors import AlreadyUsed, Mismatch, NotFound, ProtocolError, SessionEnded
from oidc.grants.base import TokenGrant, TokenResponse, check_account, invalid_grant, nothing_left
from oidc.stores.records import CodePresentation
from oidc.stores.redis import codes
from oidc.tokens.access_token import lifetime_of
from oidc.tokens.authorization_code import CodeReference, read_code
from oidc.tokens.handles import MalformedHandle
from oidc.tokens.issuer import issue_user_tokens

_CODE_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}\Z")


class ValidatedCodeRequest(NamedTuple):
    """A well-formed redemption. Whether the code is good, only the store can tell."""

    reference: CodeReference
    presentation: CodePresentation


class AuthorizationCodeGrant(TokenGrant):
    """Exchanges a code for tokens, once."""

    GRANT_TYPE = "authorization_code"
    validated: ValidatedCodeRequest

    def validate_token_request(self) -> None:
        """Read code, redirect URI and verifier.

        Raises:
            ProtocolError: `invalid_request`: missing or malformed; `invalid_grant`: not a code.
        """
        code, redirect_uri = self.required("code"), self.form.get("redirect_uri", "")
        challenge = _challenge_of(self.form.get("code_verifier", ""))
        try:
            reference = read_code(code)
        except MalformedHandle as error:
            raise invalid_grant("not a code of this server") from error
        self.validated = ValidatedCodeRequest(
            reference, CodePresentation(self.client.client_id, redirect_uri, challenge)
        )

    def create_token_response(self) -> TokenResponse:
        """Consume the code and issue. One round trip."""
        reference = self.validated.reference
        try:
            code = codes.redeem(
                reference.handle,
                reference.code_hash,
                self.validated.presentation,
                request_id=self.http.request_id,
                grant_lifetime_seconds=self._grant_lifetime_seconds(),
            )
        except NotFound as error:
            raise invalid_grant("unknown or expired code") from error
        except Mismatch as error:
            raise self._not_bound_to_this(error.field) from error
        except AlreadyUsed as error:
            raise invalid_grant("the code was used before; its grant is revoked now") from error
        except SessionEnded as error:
            raise invalid_grant("the person signed out before the code was redeemed") from error
        self.http.notes["user_id"] = code.grant.user_id
        check_account(reference.handle, code.grant)
        if code.grant.scope and not self.client.still_allowed(code.grant.scope):
            raise nothing_left()
        members = issue_user_tokens(
            self.client,
            code.grant,
            reference.handle,
            generation=0,
            scope=code.grant.scope,
            nonce=code.nonce,
        )
        return 200, members, ()

    def _not_bound_to_this(self, field: str) -> ProtocolError:
        if field == "redirect_uri" and not self.validated.presentation.redirect_uri:
            return ProtocolError(
                "invalid_request",
                "redirect_uri is missing; without PKCE it is required if it was sent before",
            )
        return invalid_grant(f"the code is bound to another {field}")

    def _grant_lifetime_seconds(self) -> int:
        """As long as something of the grant can be used: its refresh token, or one access token."""
        if self.client.check_grant_type("refresh_token"):
            return configuration().refresh_token_idle_seconds
        return lifetime_of(self.client)


def _challenge_of(verifier: str) -> str:
    """Return the S256 challenge of a verifier (RFC 7636 section 4.6), empty for none."""
    if not verifier:
        return ""
    if not _CODE_VERIFIER.match(verifier):
        raise ProtocolError("invalid_grant", "code_verifier is malformed")
    return base64url.encode(hashlib.sha256(verifier.encode()).digest()).decode()
