"""What a developer copies into an app to connect it to this server."""

from __future__ import annotations

import json
from dataclasses import dataclass
from shlex import quote
from typing import Any

from oidc.clients.client_secrets import needs_secret
from oidc.clients.profiles import PROFILES
from oidc.endpoints.metadata import provider_metadata
from oidc.models.client import OAuthClient

SECRET_PLACEHOLDER = "SECRET"
FOR_PEOPLE = ("Authorization endpoint", "UserInfo endpoint")


@dataclass(frozen=True, slots=True)
class Connection:
    """Addresses by name, and a snippet that works when pasted."""

    addresses: tuple[tuple[str, str], ...]
    snippet_title: str
    snippet: str


def connection_of(client: OAuthClient, client_secret: str | None = None) -> Connection:
    """Return the settings for this client, with its secret while it is known."""
    server = provider_metadata()
    issuer = server["issuer"]
    addresses = [
        ("Issuer", issuer),
        ("Discovery", f"{issuer}/.well-known/openid-configuration"),
        ("Client ID", client.client_id),
        ("Authorization endpoint", server["authorization_endpoint"]),
        ("Token endpoint", server["token_endpoint"]),
        ("UserInfo endpoint", server["userinfo_endpoint"]),
        ("Public keys (JWKS)", server["jwks_uri"]),
    ]
    if not PROFILES[client.profile].has_people:
        addresses = [entry for entry in addresses if entry[0] not in FOR_PEOPLE]
    title, snippet = _snippet(client, server, client_secret or SECRET_PLACEHOLDER)
    return Connection(tuple(addresses), title, snippet)


def _snippet(client: OAuthClient, server: dict[str, Any], client_secret: str) -> tuple[str, str]:
    if not PROFILES[client.profile].has_people:
        return "Get a token", _curl(client, server["token_endpoint"], client_secret)
    if client.token_endpoint_auth_method == "none":
        return "Settings for oidc-client-ts and the like", _json_settings(client, server["issuer"])
    return "Environment of the app", _environment(client, server["issuer"], client_secret)


def _curl(client: OAuthClient, token_endpoint: str, client_secret: str) -> str:
    if not needs_secret(client):
        return f"POST {token_endpoint} with grant_type=client_credentials and client_assertion"
    lines = [
        f"curl -u {quote(f'{client.client_id}:{client_secret}')}",
        "-d grant_type=client_credentials",
        *([f"--data-urlencode {quote(f'scope={client.scope}')}"] if client.scope else []),
        token_endpoint,
    ]
    return " \\\n  ".join(lines)


def _json_settings(client: OAuthClient, issuer: str) -> str:
    settings = {
        "authority": issuer,
        "client_id": client.client_id,
        "redirect_uri": client.redirect_uris[0],
        "response_type": "code",
        "scope": client.scope,
    }
    return json.dumps(settings, indent=2)


def _environment(client: OAuthClient, issuer: str, client_secret: str) -> str:
    lines = {
        "OIDC_ISSUER": issuer,
        "OIDC_CLIENT_ID": client.client_id,
        "OIDC_CLIENT_SECRET": client_secret if needs_secret(client) else None,
        "OIDC_REDIRECT_URI": client.redirect_uris[0],
        "OIDC_SCOPE": client.scope,
    }
    return "\n".join(f"{name}={quote(value)}" for name, value in lines.items() if value is not None)
