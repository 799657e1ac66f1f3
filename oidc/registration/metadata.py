"""From a registration request to what `clients.service` takes: defaults, profile, scope.

Spec: RFC 7591 section 2; OpenID Connect Registration 1.0 section 2. Section 3.2.1 of the former
lets a server replace what was requested; the answer says what was registered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from accounts.split_url import find_host
from oidc.clients.profiles import PROFILES, grant_types_of
from oidc.clients.validation import InvalidClientMetadata, Problem
from oidc.conf import configuration
from oidc.registration.members import registrable_members

APPLICATION_TYPES = ("web", "native")
UNNAMED = "Unnamed application"


@dataclass(frozen=True, slots=True)
class Permission:
    """What whoever registers may have: by an initial access token, or open to everybody."""

    has_token: bool = False
    scope: str = ""
    """Besides the scopes about people."""


@dataclass(frozen=True, slots=True)
class RequestedClient:
    """A registration request, completed. `metadata` has the names of RFC 7591."""

    client_name: str
    profile: str
    metadata: dict[str, Any]


def read_requested_client(requested: dict[str, Any], permission: Permission) -> RequestedClient:
    """Choose the profile, fill in the defaults, and limit the scope. Values are checked later.

    Raises:
        InvalidClientMetadata: it asks for what this server, or this permission, does not give.
    """
    application_type = _application_type(requested)
    metadata = registrable_members(requested)
    _fill_in_types(metadata)
    is_machine = metadata["grant_types"] == ["client_credentials"]
    if "client_credentials" in _texts(metadata["grant_types"]) and not permission.has_token:
        raise _invalid("grant_types", "client_credentials needs an initial access token.")
    method = metadata.get("token_endpoint_auth_method")
    profile = "machine" if is_machine else _profile(application_type, method)
    metadata.setdefault("token_endpoint_auth_method", _default_method(profile))
    metadata["scope"] = _limited_scope(metadata, profile, permission)
    client_name = metadata.pop("client_name", None) or _name_from(metadata)
    return RequestedClient(client_name, profile, metadata)


def _application_type(requested: dict[str, Any]) -> str:
    application_type = requested.get("application_type") or "web"
    if application_type not in APPLICATION_TYPES:
        raise _invalid("application_type", f"Must be one of: {', '.join(APPLICATION_TYPES)}.")
    return str(application_type)


def _fill_in_types(metadata: dict[str, Any]) -> None:
    """Fill in grant types and response types, the ones from the others (RFC 7591 section 2.1)."""
    grants = metadata.get("grant_types")
    is_machine = grants == ["client_credentials"]
    response_types = metadata.setdefault("response_types", [] if is_machine else ["code"])
    if grants is None:
        metadata["grant_types"] = sorted(grant_types_of(_texts(response_types)))


def _profile(application_type: str, method: Any) -> str:
    if application_type == "native":
        return "native"
    if configuration().registration_profile == "oidc-compat":
        return "oidc-compat"
    return "spa" if method == "none" else "web"


def _default_method(profile: str) -> str:
    """An installed app gets no secret, unlike the default of the specification.

    Spec: RFC 8252 section 8.5.
    """
    return "none" if profile == "native" else "client_secret_basic"


def _limited_scope(metadata: dict[str, Any], profile: str, permission: Permission) -> str:
    permitted = [*PROFILES[profile].scope.split(), *permission.scope.split()]
    requested = metadata.get("scope", "")
    if not isinstance(requested, str):
        raise _invalid("scope", "Must be text: names with a space between them.")
    if not requested.strip():
        return " ".join(permitted)
    scope = [name for name in requested.split() if name in permitted]
    if not scope:
        raise _invalid("scope", "None of these is given to clients that register themselves.")
    return " ".join(scope)


def _name_from(metadata: dict[str, Any]) -> str:
    """Return the host where people return to: they know it better than any made-up name."""
    for uri in _texts(metadata.get("redirect_uris")):
        host = find_host(uri)
        if host:
            return host[:200]
    return UNNAMED


def _texts(value: Any) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def _invalid(member: str, message: str) -> InvalidClientMetadata:
    return InvalidClientMetadata([Problem(member, message)])
