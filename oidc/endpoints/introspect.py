"""Token introspection. Spec: RFC 7662."""

from __future__ import annotations

from typing import Any

from oidc.clients.authentication import authenticate_client
from oidc.clients.authentication.errors import invalid_client
from oidc.clients.record import Client
from oidc.clients.repository import find_client
from oidc.conf import configuration
from oidc.endpoints.presented_token import read_presented_token
from oidc.errors import NotFound, ProtocolError
from oidc.http import Request, Response, json_response
from oidc.stores.records import Grant
from oidc.stores.redis import grants
from oidc.tokens.access_token import AccessToken
from oidc.tokens.refresh_token import RefreshTokenReference
from oidc.tokens.subjects import subject_for

INACTIVE = {"active": False}


def introspect(request: Request) -> Response:
    """Tell an authenticated caller about a token of its own. One round trip, no SQL.

    Whatever is not valid *for this caller* is just inactive (section 2.2).
    """
    caller = authenticate_client(request)
    if caller.is_public:
        raise invalid_client("introspection needs a client that can prove who it is")
    if "token" not in request.form:
        raise ProtocolError("invalid_request", "token is missing")
    token = read_presented_token(request.form["token"])
    try:
        if isinstance(token, AccessToken) and (client := _client_of(token, caller)):
            return json_response(_access_token_members(client, token))
        if isinstance(token, RefreshTokenReference):
            grant = grants.find_for_refresh(token.handle, token.generation)
            if grant.client_id == caller.client_id:
                return json_response(_refresh_token_members(caller, grant))
    except NotFound:
        request.notes["detail"] = "inactive: revoked, signed out or expired"
    return json_response(INACTIVE)


def _client_of(token: AccessToken, caller: Client) -> Client | None:
    """Return the client that has a token, if the caller may read it.

    It may read its own tokens, and, as a resource server, those of living clients meant for it.
    """
    if token.claims["client_id"] == caller.client_id:
        return caller
    is_meant_for_it = not set(token.audience).isdisjoint(caller.introspection_audience)
    return find_client(token.claims["client_id"]) if is_meant_for_it else None


def _access_token_members(client: Client, token: AccessToken) -> dict[str, Any]:
    if token.has_grant:
        grants.require(token.handle, token.jti)
    elif grants.is_access_token_revoked(token.handle.bucket, token.jti):
        return INACTIVE
    scope = " ".join(client.still_allowed(token.scope))
    return {"active": True, "token_type": "Bearer", **token.claims, "scope": scope}


def _refresh_token_members(client: Client, grant: Grant) -> dict[str, Any]:
    return {
        "active": True,
        "iss": configuration().issuer,
        "sub": subject_for(client, grant.user_id),
        "client_id": grant.client_id,
        "scope": " ".join(client.still_allowed(grant.scope)),
        "exp": grant.expires_at,
    }
