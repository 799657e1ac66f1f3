"""Says in words what a client's row holds."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from oidc.clients.client_secrets import needs_secret
from oidc.clients.profiles import PROFILES
from oidc.models import ClientRegistration, OAuthClient
from oidc.registration.software_statement import issuer_of

ORIGINS = {"admin": "made in the admin", "command line": "made on the command line"}


def describe_profile(client: OAuthClient) -> str:
    """Return the kind of a client, as it was chosen."""
    return PROFILES[client.profile].label


def describe_secrets(client: OAuthClient) -> str:
    """Return when secrets were made and end. The secrets themselves are known to nobody here."""
    if not needs_secret(client):
        return "It does not use a secret."
    valid = [secret for secret in client.client_secrets if _is_valid(secret)]
    if not valid:
        return "None yet. Make one with the button above."
    return _lines((_describe_secret(secret),) for secret in valid)


def describe_additional(client: OAuthClient) -> str:
    """Return members that are kept for the client and not acted upon."""
    members = client.additional_metadata.items()
    return _lines((f"{name}: {value}",) for name, value in members) or "none"


def describe_origin(client: OAuthClient) -> str:
    """Return which way a client came here, and by whose leave if it registered itself."""
    registration = ClientRegistration.objects.filter(client=client).first()
    if registration is None:
        return ORIGINS.get(client.origin, "unknown")
    token, at = registration.initial_access_token, registration.registered_at
    facts = [
        f"registered itself on {at:%d %B %Y, %H:%M} UTC, from {registration.remote_address}",
        f"initial access token: {token}" if token else "open registration, without a token",
    ]
    if registration.software_statement:
        facts.append(f"software statement of {issuer_of(registration.software_statement)}")
    return _lines((fact,) for fact in facts)


def _lines(lines: Any) -> SafeString:
    return format_html_join("", "<div>{}</div>", lines)


def _is_valid(secret: dict[str, Any]) -> bool:
    return not secret["expires_at"] or secret["expires_at"] > time.time()


def _describe_secret(secret: dict[str, Any]) -> str:
    created = f"made on {_readable_time(secret['created_at'])}"
    if not secret["expires_at"]:
        return f"{created}, in use"
    return f"{created}, replaced; valid until {_readable_time(secret['expires_at'])}"


def _readable_time(epoch_seconds: int) -> str:
    return f"{datetime.fromtimestamp(epoch_seconds, UTC):%d %B %Y, %H:%M} UTC"
