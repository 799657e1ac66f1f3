"""What is registered about a client, under the names of RFC 7591: presets, changes, the answer."""

from __future__ import annotations

from typing import Any

from oidc.clients.profiles import PROFILES, grant_types_of
from oidc.clients.validation import COLUMNS
from oidc.models.client import OAuthClient


def metadata_of(client: OAuthClient) -> dict[str, Any]:
    """Return everything that can be changed about a client, by the names of RFC 7591."""
    columns = {member: getattr(client, member) for member in COLUMNS}
    return {**columns, **client.additional_metadata}


def client_as_rfc7591(client: OAuthClient, client_secret: str | None = None) -> dict[str, Any]:
    """Return a client as a registration response. Members without a value are left out.

    Spec: RFC 7591 section 3.2.1; OpenID Connect Registration 1.0 section 3.2.
    """
    answer: dict[str, Any] = {
        "client_id": client.client_id,
        "client_id_issued_at": int(client.created_at.timestamp()),
    }
    if client_secret is not None:
        answer |= {"client_secret": client_secret, "client_secret_expires_at": 0}
    answer["application_type"] = PROFILES[client.profile].application_type
    metadata = metadata_of(client)
    answer |= {name: value for name, value in metadata.items() if value not in ("", None, [])}
    # Left out, these two would mean their defaults (RFC 7591 section 2), not "none".
    return answer | {name: metadata[name] for name in ("grant_types", "response_types")}


def new_metadata(given: dict[str, Any]) -> dict[str, Any]:
    """Return the metadata of a new client: its presets, then what is given."""
    return {**metadata_of(OAuthClient()), **presets_of(given), **given}


def changed_metadata(client: OAuthClient, changes: dict[str, Any]) -> dict[str, Any]:
    """Return a client's metadata with some changes. None stands for the default.

    Members that are no columns have none, and go.
    """
    defaults = metadata_of(OAuthClient())
    return {
        member: defaults[member] if value is None else value
        for member, value in {**metadata_of(client), **changes}.items()
        if member in COLUMNS or value is not None
    }


def presets_of(given: dict[str, Any]) -> dict[str, Any]:
    """Return the presets of the profile, so far as what is given leaves them their sense."""
    presets = PROFILES[given["profile"]].presets()
    if "response_types" in given:
        presets["grant_types"] = _fitting(presets["grant_types"], given["response_types"])
    if given.get("token_endpoint_auth_method") == "none":
        presets["require_pkce"] = True  # OAuth 2.1 section 7.5: without exception if public
    return presets


def _fitting(grant_types: list[str], response_types: Any) -> list[str]:
    """Leave the grant types that some response types need, and refresh tokens to codes."""
    if not isinstance(response_types, list) or not all(isinstance(t, str) for t in response_types):
        return grant_types  # refused elsewhere
    needed = grant_types_of(response_types)
    left_out = {"authorization_code", "implicit"} - needed
    if "authorization_code" not in needed:
        left_out |= {"refresh_token"}
    return [grant_type for grant_type in grant_types if grant_type not in left_out]
