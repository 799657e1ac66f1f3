"""From a registration request to what `clients.service` takes: defaults, profile, scope.

Spec: RFC 7591 section 2; OpenID Connect Registration 1.0 section 2. Section 3.2.1 of the former
lets a server replace what was requested; the answer says what was registered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from accounts.split_url import find_host
from oidc.clients.profiles import PEOPLE_SCOPE, PROFILES, RESPONSE_TYPES, grant_types_of
from oidc.clients.validation import InvalidClientMetadata, Problem
from oidc.clients.validation.members import GRANT_TYPES
from oidc.conf import configuration
from oidc.registration.members import registrable_members

APPLICATION_TYPES = ("web", "native")
UNNAMED = "Unnamed application"


@dataclass(frozen=True, slots=True)
class Permission:
    """What whoever registers may have: by an initial access token, or open to everybody."""

    has_token: bool = False
    scope: str = ""
    """Besides the scopes that every registered client may ask for."""
    private_use_schemes: tuple[str, ...] = ()
    """Schemes of its own that this client may have, besides those of the setting."""


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
    _leave_out_unknown_types(metadata)
    _fill_in_types(metadata)
    is_machine = metadata["grant_types"] == ["client_credentials"]
    if "client_credentials" in _texts(metadata["grant_types"]) and not permission.has_token:
        raise _invalid("grant_types", "client_credentials needs an initial access token.")
    method = metadata.get("token_endpoint_auth_method")
    profile = "machine" if is_machine else _profile(application_type, method)
    metadata.setdefault("token_endpoint_auth_method", _default_method(profile))
    metadata["private_use_schemes"] = _allowed_schemes(metadata, permission)
    metadata["scope"] = _limited_scope(metadata, profile, permission)
    client_name = metadata.pop("client_name", None) or _name_from(metadata)
    return RequestedClient(client_name, profile, metadata)


def _application_type(requested: dict[str, Any]) -> str:
    application_type = requested.get("application_type") or "web"
    if application_type not in APPLICATION_TYPES:
        raise _invalid("application_type", f"Must be one of: {', '.join(APPLICATION_TYPES)}.")
    return str(application_type)


def _leave_out_unknown_types(metadata: dict[str, Any]) -> None:
    """Leave out grant and response types that nobody here knows, if others are there.

    Software names all that it could do with any server. Spec: RFC 7591 section 3.2.1: the server
    may replace what was requested; the answer says what was registered.
    """
    for member, vocabulary in (("grant_types", GRANT_TYPES), ("response_types", RESPONSE_TYPES)):
        requested = metadata.get(member)
        texts = _texts(requested)
        known = [each for each in texts if " ".join(sorted(each.split())) in vocabulary]
        if known and texts == requested:
            metadata[member] = known


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
    permitted = _permitted_scope(profile, permission)
    requested = metadata.get("scope", "")
    if not isinstance(requested, str):
        raise _invalid("scope", "Must be text: names with a space between them.")
    if not requested.strip():
        return " ".join(permitted)
    scope = [name for name in requested.split() if name in permitted]
    if not scope:
        raise _invalid("scope", "None of these is given to clients that register themselves.")
    return " ".join(scope)


def _allowed_schemes(metadata: dict[str, Any], permission: Permission) -> list[str]:
    """Return what the client may have, and of the setting's schemes those that it uses.

    So it goes on as registered when the setting changes, and gets nothing that it has no need of.
    """
    members = ("redirect_uris", "post_logout_redirect_uris")
    uris = [uri for member in members for uri in _texts(metadata.get(member))]
    used = {uri.partition(":")[0] for uri in uris}
    for_all = [scheme for scheme in configuration().registration_schemes if scheme in used]
    return list(dict.fromkeys([*permission.private_use_schemes, *for_all]))


def _permitted_scope(profile: str, permission: Permission) -> list[str]:
    """Return what the setting gives every registered client, then what the permission adds.

    Scopes about people are not for machines.
    """
    people = PEOPLE_SCOPE.split()
    for_all = configuration().registration_scopes
    if not PROFILES[profile].has_people:
        for_all = tuple(name for name in for_all if name not in people)
    return list(dict.fromkeys([*for_all, *permission.scope.split()]))


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
