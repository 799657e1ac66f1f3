"""Composes token responses. Spec: RFC 6749 section 5.1; OpenID Connect Core section 3.1.3.3."""

from __future__ import annotations

from typing import Any

from oidc.clients.record import Client
from oidc.stores.records import Grant, GrantHandle
from oidc.tokens.access_token import issue_machine_access_token, issue_user_access_token
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
    `scope`: what this access token gets, at most the grant's.
    """
    access_token, lifetime = issue_user_access_token(client, grant, handle, scope)
    response: dict[str, Any] = {
        "access_token": access_token,
        "token_type": "Bearer",
        "expires_in": lifetime,
        "scope": " ".join(scope),
    }
    if client.check_grant_type("refresh_token"):
        response["refresh_token"] = refresh_token(handle, generation)
    if "openid" in scope:
        response["id_token"] = issue_id_token(client, grant, nonce=nonce, access_token=access_token)
    return response


def issue_machine_token(client: Client, scope: tuple[str, ...]) -> dict[str, Any]:
    """Return the members of a token response for the client itself: no refresh, no ID token."""
    access_token, lifetime = issue_machine_access_token(client, scope)
    return {
        "access_token": access_token,
        "token_type": "Bearer",
        "expires_in": lifetime,
        "scope": " ".join(scope),
    }
