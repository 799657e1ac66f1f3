"""Composes what a client gets: token responses, and tokens in authorization responses.

Spec: RFC 6749 section 5.1; OpenID Connect Core 1.0 sections 3.1.3.3, 3.2.2.5 and 3.3.2.5.
"""

from __future__ import annotations

from typing import Any

from accounts.claims import find_standard_claims
from oidc.clients.record import Client
from oidc.models.access import reading
from oidc.stores.records import Grant, GrantHandle
from oidc.tokens import handles
from oidc.tokens.access_token import issue_machine_access_token, issue_user_access_token
from oidc.tokens.claims import (
    claims_by_name,
    claims_for_scope,
    releasable_claims,
    requested_claim_names,
)
from oidc.tokens.id_token import issue_id_token
from oidc.tokens.refresh_token import refresh_token


def issue_user_tokens(
    client: Client,
    grant: Grant,
    handle: GrantHandle,
    *,
    generation: int,
    scope: tuple[str, ...],
    nonce: str = "",
) -> dict[str, Any]:
    """Return the members of a token response for a person's grant.

    `generation`: the refresh token's; there is one exactly if the client may refresh.
    `scope`: what this access token gets, at most the grant's, and as far as the client still may.
    """
    scope, masked = client.still_allowed(scope), handles.masked(handle)
    response = _access_token_members(*issue_user_access_token(client, grant, masked, scope), scope)
    if client.check_grant_type("refresh_token"):
        response["refresh_token"] = refresh_token(masked, generation)
    if "openid" in scope:
        response["id_token"] = issue_id_token(
            client,
            grant,
            nonce=nonce,
            access_token=response["access_token"],
            claims=_claims_about(client, grant, scope if client.id_token_claims else ()),
        )
    return response


def issue_front_channel_tokens(
    client: Client,
    grant: Grant,
    handle: GrantHandle,
    response_type: frozenset[str],
    *,
    nonce: str,
    code: str,
) -> dict[str, Any]:
    """Return what an authorization response carries beside its code.

    `response_type`: its words. `code`: the one that goes out too, or an empty string.
    An ID token that comes alone has the claims of the scope: no access token will ever fetch them
    (Core section 5.4). So it has for clients with `id_token_claims`, unless a code brings them
    another one, which does not go through the browser. That is one SQL query.
    """
    response: dict[str, Any] = {}
    alone = response_type == {"id_token"}
    scope = grant.scope if alone or (client.id_token_claims and not code) else ()
    if "token" in response_type:
        issued = issue_user_access_token(client, grant, handles.masked(handle), grant.scope)
        response = _access_token_members(*issued, grant.scope)
    if "id_token" in response_type:
        response["id_token"] = issue_id_token(
            client,
            grant,
            nonce=nonce,
            access_token=response.get("access_token", ""),
            code=code,
            claims=_claims_about(client, grant, scope, alone=alone),
        )
    return response


def issue_machine_token(client: Client, scope: tuple[str, ...]) -> dict[str, Any]:
    """Return the members of a token response for the client itself: no refresh, no ID token."""
    return _access_token_members(*issue_machine_access_token(client, scope), scope)


def _access_token_members(
    access_token: str, lifetime_seconds: int, scope: tuple[str, ...]
) -> dict[str, Any]:
    return {
        "access_token": access_token,
        "token_type": "Bearer",
        "expires_in": lifetime_seconds,
        "scope": " ".join(scope),
    }


def _claims_about(
    client: Client, grant: Grant, scope: tuple[str, ...], *, alone: bool = False
) -> dict[str, Any]:
    """Return the person's claims for an ID token: those requested for it (Core section 5.5), and
    those that `scope` brings.

    `alone`: no access token comes with it, so it carries what userinfo would. One SQL query if
    there is anything to return.
    """
    names = requested_claim_names(grant.claims, "id_token", client.scope)
    if alone:
        names += requested_claim_names(grant.claims, "userinfo", client.scope)
    if not names and not releasable_claims(scope):
        return {}
    with reading():
        claims = find_standard_claims(grant.user_id) or {}
    return claims_for_scope(claims, scope) | claims_by_name(claims, names)
