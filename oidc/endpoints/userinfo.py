"""The UserInfo endpoint. Spec: OpenID Connect Core 1.0 section 5.3."""

from __future__ import annotations

from typing import Any

from accounts.claims import find_standard_claims
from oidc.clients.record import Client
from oidc.clients.repository import find_client
from oidc.conf import configuration
from oidc.endpoints.bearer import bearer_error, invalid_token, presented_access_token
from oidc.errors import NotFound, ProtocolError
from oidc.http import NO_STORE, Request, Response, json_response
from oidc.keys.jws import InvalidToken
from oidc.models.access import reading
from oidc.stores.redis import grants
from oidc.tokens.access_token import AccessToken, read_access_token
from oidc.tokens.claims import claims_by_name, claims_for_scope, requested_claim_names
from oidc.tokens.subjects import subject_for
from oidc.tokens.userinfo import secured_userinfo


def userinfo(request: Request) -> Response:
    """Return the claims that scopes and the `claims` parameter allow.

    One round trip, at most one query.
    """
    token, client = _accepted(request)
    try:
        grant = grants.find(token.handle, token.jti, issued_at=token.claims["iat"])
    except NotFound as error:
        raise invalid_token("revoked, signed out or expired") from error
    request.notes["user_id"] = grant.user_id
    with reading():
        claims = find_standard_claims(grant.user_id)
    if claims is None:
        raise invalid_token("the person's account is gone or disabled")
    names = requested_claim_names(grant.claims, "userinfo", client.scope)
    allowed = client.still_allowed(token.scope)
    members = claims_for_scope(claims, allowed) | claims_by_name(claims, names)
    return _respond(client, {**members, "sub": subject_for(client, grant.user_id)})


def _respond(client: Client, members: dict[str, Any]) -> Response:
    """Answer in the form that the client registered (section 5.3.2)."""
    if not client.userinfo_signed_response_alg and not client.userinfo_encrypted_response_alg:
        return json_response(members)
    body = secured_userinfo(client, members).encode()
    return Response(200, body, (("Content-Type", "application/jwt"), NO_STORE))


def _accepted(request: Request) -> tuple[AccessToken, Client]:
    try:
        token = read_access_token(presented_access_token(request))
    except InvalidToken as error:
        raise invalid_token(str(error)) from error
    request.notes["client_id"] = token.claims["client_id"]
    if not token.has_grant or "openid" not in token.scope:
        raise _insufficient_scope()
    if configuration().issuer not in token.audience:
        raise invalid_token("the token is for another audience")
    client = find_client(token.claims["client_id"])
    if client is None:
        raise invalid_token("the client is gone or disabled")
    if not client.still_allowed(["openid"]):
        raise _insufficient_scope()
    return token, client


def _insufficient_scope() -> ProtocolError:
    return bearer_error(
        "insufficient_scope", "the scope openid is required", status=403, scope="openid"
    )
