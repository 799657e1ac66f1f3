"""What a developer copies into an app to connect it to this server."""

from __future__ import annotations

import json
from dataclasses import dataclass

from oidc.clients.profiles import PROFILES
from oidc.clients.service import needs_secret
from oidc.conf import configuration
from oidc.models.client import OAuthClient

SECRET_PLACEHOLDER = "SECRET"


@dataclass(frozen=True, slots=True)
class Connection:
    """Addresses by name, and a snippet that works when pasted."""

    addresses: tuple[tuple[str, str], ...]
    snippet_title: str
    snippet: str


def connection_of(client: OAuthClient, client_secret: str | None = None) -> Connection:
    """Return the settings for this client, with its secret while it is known."""
    issuer = configuration().issuer
    has_people = PROFILES[client.profile].has_people
    addresses = [
        ("Issuer", issuer),
        ("Discovery", f"{issuer}/.well-known/openid-configuration"),
        ("Client ID", client.client_id),
        *([("Authorization endpoint", f"{issuer}/oauth2/authorize")] if has_people else []),
        ("Token endpoint", f"{issuer}/oauth2/token"),
        *([("UserInfo endpoint", f"{issuer}/oauth2/userinfo")] if has_people else []),
        ("Public keys (JWKS)", f"{issuer}/.well-known/jwks.json"),
    ]
    title, snippet = _snippet(client, issuer, client_secret or SECRET_PLACEHOLDER)
    return Connection(tuple(addresses), title, snippet)


def _snippet(client: OAuthClient, issuer: str, client_secret: str) -> tuple[str, str]:
    if not PROFILES[client.profile].has_people:
        return "Get a token", _curl(client, issuer, client_secret)
    if client.token_endpoint_auth_method == "none":
        return "Settings for oidc-client-ts, AppAuth and the like", _json_settings(client, issuer)
    return "Environment of the app", _environment(client, issuer, client_secret)


def _curl(client: OAuthClient, issuer: str, client_secret: str) -> str:
    if not needs_secret(client):
        return f"POST {issuer}/oauth2/token with grant_type=client_credentials and an assertion"
    scope = f" \\\n  --data-urlencode 'scope={client.scope}'" if client.scope else ""
    return (
        f"curl -u '{client.client_id}:{client_secret}' \\\n"
        f"  -d grant_type=client_credentials{scope} \\\n"
        f"  {issuer}/oauth2/token"
    )


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
    return "\n".join(f'{name}="{value}"' for name, value in lines.items() if value is not None)
