"""Answering an authorization request for good: a code, or a refusal."""

from __future__ import annotations

import time

from accounts.authentication import AuthenticationContext, reported_acr
from oidc.conf import configuration
from oidc.errors import ProtocolError
from oidc.http import Response
from oidc.logout.browser_state import session_state
from oidc.requests.authorization_request import AuthorizationRequest
from oidc.response_mode import authorization_error_response, authorization_response
from oidc.stores.records import AuthorizationCode, Grant
from oidc.stores.redis import codes
from oidc.tokens.authorization_code import new_code


def grant_authorization(
    authorization: AuthorizationRequest, context: AuthenticationContext
) -> Response:
    """Issue a code to the client. One round trip, which also checks the session of sign-on.

    Raises:
        SessionEnded: the person was signed out meanwhile; nothing was issued.
    """
    configured = configuration()
    code, reference = new_code(context.user_id)
    grant = Grant(
        grant_id=reference.handle.grant_id,
        user_id=context.user_id,
        client_id=authorization.client.client_id,
        scope=authorization.scope,
        sid=context.sid,
        offline="offline_access" in authorization.scope,
        auth_time=int(context.auth_time),
        acr=reported_acr(context.acr, authorization.acr_values),
        amr=context.amr,
        expires_at=int(time.time()) + configured.refresh_token_absolute_seconds,
        claims=authorization.claims.as_text(),
    )
    waiting = AuthorizationCode(
        grant, authorization.redirect_uri, authorization.code_challenge, authorization.nonce
    )
    codes.issue(reference.handle, reference.code_hash, waiting, configured.code_lifetime_seconds)
    return authorization_response(
        authorization, {"code": code, **_session_state(authorization, context)}
    )


def _session_state(
    authorization: AuthorizationRequest, context: AuthenticationContext
) -> dict[str, str]:
    """Return what lets the client watch the session (Session Management 1.0 section 2)."""
    if not authorization.is_openid:
        return {}
    client_id, redirect_uri = authorization.client.client_id, authorization.redirect_uri
    state = session_state(client_id, redirect_uri, context.sid)
    return {"session_state": state} if state else {}


def deny_authorization(authorization: AuthorizationRequest) -> Response:
    """Tell the client that the person said no (RFC 6749 section 4.1.2.1)."""
    error = ProtocolError("access_denied", "the person denied the request")
    return authorization_error_response(authorization, error)
