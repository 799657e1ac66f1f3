"""The UserInfo endpoint. Spec: OpenID Connect Core 1.0 section 5.3."""

from __future__ import annotations

from accounts.claims import find_standard_claims
from oidc.clients.repository import find_client
from oidc.conf import configuration
from oidc.endpoints.bearer import bearer_error, invalid_token, presented_access_token
from oidc.errors import NotFound
from oidc.http import Request, Response, json_response
from oidc.keys.jws import InvalidToken
from oidc.models.access import reading
from oidc.stores.redis import grants
from oidc.tokens.access_token import AccessToken, read_access_token
from oidc.tokens.claims import claims_by_name, claims_for_scope, requested_claim_names


def userinfo(request: Request) -> Response:
    """Return the claims that scopes and the `claims` parameter allow. One round trip, one query."""
    token = _accepted(request)
    try:
        grant = grants.find(token.handle, token.jti)
    except NotFound as error:
        raise invalid_token("revoked, signed out or expired") from error
    request.notes["user_id"] = grant.user_id
    with reading():
        claims = find_standard_claims(grant.user_id)
    if claims is None:
        raise invalid_token("the person's account is gone or disabled")
    requested = claims_by_name(claims, requested_claim_names(grant.claims, "userinfo"))
    return json_response(
        {"sub": grant.user_id, **claims_for_scope(claims, token.scope), **requested}
    )


def _accepted(request: Request) -> AccessToken:
    try:
        token = read_access_token(presented_access_token(request))
    except InvalidToken as error:
        raise invalid_token(str(error)) from error
    request.notes["client_id"] = token.claims["client_id"]
    if not token.has_grant or "openid" not in token.scope:
        raise bearer_error(
            "insufficient_scope", "the scope openid is required", status=403, scope="openid"
        )
    if configuration().issuer not in token.audience:
        raise invalid_token("the token is for another audience")
    if find_client(token.claims["client_id"]) is None:
        raise invalid_token("the client is gone or disabled")
    return token
