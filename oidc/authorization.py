"""Answering an authorization request for good: a code, tokens, or a refusal."""

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
from oidc.stores.redis import codes, grants, sign_ons
from oidc.tokens.access_token import lifetime_of
from oidc.tokens.authorization_code import CodeReference, new_code
from oidc.tokens.issuer import issue_front_channel_tokens


def grant_authorization(
    authorization: AuthorizationRequest, context: AuthenticationContext
) -> Response:
    """Issue what the response type names. One round trip, which also checks the session of sign-on.

    Raises:
        SessionEnded: the person was signed out meanwhile; nothing was issued.
        ProtocolError: the client's keys do not serve for what it registered.
    """
    response_type = frozenset(authorization.response_type.split())
    code, reference = new_code(context.user_id)
    grant = _grant_of(authorization, context, reference.handle.grant_id)
    members: dict[str, object] = {}
    if "code" in response_type:
        _issue_code(authorization, grant, reference, with_grant="token" in response_type)
        members["code"] = code
    elif "token" in response_type:
        grants.open(reference.handle, grant, lifetime_of(authorization.client))
    else:
        sign_ons.note_client(grant.user_id, grant.sid, grant.client_id)
    members |= issue_front_channel_tokens(
        authorization.client,
        grant,
        reference.handle,
        response_type,
        nonce=authorization.nonce,
        code=code if "code" in response_type else "",
    )
    members |= _session_state(authorization, context)
    return authorization_response(authorization, members)


def _grant_of(
    authorization: AuthorizationRequest, context: AuthenticationContext, grant_id: str
) -> Grant:
    return Grant(
        grant_id=grant_id,
        user_id=context.user_id,
        client_id=authorization.client.client_id,
        scope=authorization.scope,
        sid=context.sid,
        offline="offline_access" in authorization.scope,
        auth_time=int(context.auth_time),
        acr=reported_acr(context.acr, authorization.acr_values),
        amr=context.amr,
        expires_at=int(time.time()) + configuration().refresh_token_absolute_seconds,
        claims=authorization.claims.as_text(),
    )


def _issue_code(
    authorization: AuthorizationRequest, grant: Grant, reference: CodeReference, *, with_grant: bool
) -> None:
    """Store the code; with its grant, if an access token goes out beside it."""
    waiting = AuthorizationCode(
        grant,
        authorization.redirect_uri,
        authorization.code_challenge,
        authorization.nonce,
        redirect_uri_omitted="redirect_uri" not in authorization.parameters,
    )
    codes.issue(
        reference.handle,
        reference.code_hash,
        waiting,
        configuration().code_lifetime_seconds,
        grant_lifetime_seconds=lifetime_of(authorization.client) if with_grant else 0,
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
