"""Token introspection. Spec: RFC 7662."""

from __future__ import annotations

from typing import Any

from accounts.claims import find_username, remembered_username
from oidc.account_state import is_disabled
from oidc.clients.authentication import authenticate_client
from oidc.clients.authentication.errors import invalid_client
from oidc.clients.record import Client
from oidc.clients.repository import find_client
from oidc.conf import configuration
from oidc.endpoints.presented_token import read_presented_token
from oidc.errors import NotFound, ProtocolError, StoreUnavailable
from oidc.http import Request, Response, json_response
from oidc.models.access import reading
from oidc.stores.records import Grant
from oidc.stores.redis import grants
from oidc.tokens.access_token import AccessToken
from oidc.tokens.refresh_token import RefreshTokenReference
from oidc.tokens.subjects import subject_for

INACTIVE = {"active": False}


def introspect(request: Request) -> Response:
    """Tell an authenticated caller about a token of its own. One round trip.

    SQL for whether the account is active, and for a `username`, each once in five seconds for each
    person. Whatever is not valid *for this caller* is just inactive (section 2.2).
    """
    caller = authenticate_client(request)
    if caller.is_public:
        raise invalid_client("introspection needs a client that can prove who it is")
    if "token" not in request.form:
        raise ProtocolError("invalid_request", "token is missing")
    token = read_presented_token(request.form["token"])
    try:
        if isinstance(token, AccessToken) and (client := _client_of(token, caller)):
            return json_response(_access_token_members(client, token, caller))
        if isinstance(token, RefreshTokenReference):
            grant = grants.find_for_refresh(token.handle, token.generation)
            if grant.client_id == caller.client_id and not is_disabled(grant.user_id):
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


def _access_token_members(client: Client, token: AccessToken, caller: Client) -> dict[str, Any]:
    scope = client.still_allowed(token.scope)
    name: dict[str, str] = {}
    if token.has_grant:
        user_id = grants.require(token.handle, token.jti, issued_at=token.claims["iat"])
        if is_disabled(user_id):
            return INACTIVE
        if _may_know_username(client, scope, caller):
            name = _username(user_id)
    elif grants.is_access_token_revoked(token.handle.bucket, token.jti):
        return INACTIVE
    told = {**token.claims, "scope": " ".join(scope)}
    return {"active": True, "token_type": "Bearer", **told, **name}


def _may_know_username(client: Client, scope: tuple[str, ...], caller: Client) -> bool:
    """Tell whether a caller may be told whose token it is in words (sections 2.2 and 5).

    An app whose person allowed it to see their profile; and an API, unless the app knows people by
    pseudonyms (Core section 8), which a name would undo.
    """
    is_api = caller.client_id != client.client_id and client.subject_type == "public"
    return is_api or "profile" in scope


def _username(user_id: str) -> dict[str, str]:
    """Return the member, or nothing: it is not worth a 503 while the database is away."""
    username = remembered_username(user_id)
    if username is None:
        try:
            with reading():
                username = find_username(user_id)
        except StoreUnavailable:
            return {}
    return {"username": username} if username else {}


def _refresh_token_members(client: Client, grant: Grant) -> dict[str, Any]:
    scope = client.still_allowed(grant.scope)
    return {
        **(_username(grant.user_id) if "profile" in scope else {}),
        "active": True,
        "iss": configuration().issuer,
        "sub": subject_for(client, grant.user_id),
        "client_id": grant.client_id,
        "scope": " ".join(scope),
        "exp": grant.expires_at,
    }
