"""Rules between members: what fits together, and what the kind of client allows.

Spec: RFC 7591 section 2.1, OAuth 2.1 sections 2.4 and 4.3.1, RFC 9700 section 2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from oidc.clients.profiles import PROFILES, Profile
from oidc.clients.validation.addresses import origin_of
from oidc.clients.validation.errors import Problem

Rule = Callable[[dict[str, Any], Profile], Iterator[Problem]]


def find_problems(metadata: dict[str, Any]) -> list[Problem]:
    """Return every rule that this metadata, checked value by value already, breaks."""
    profile = PROFILES[metadata["profile"]]
    return [problem for rule in RULES for problem in rule(metadata, profile)]


def _authentication(metadata: dict[str, Any], profile: Profile) -> Iterator[Problem]:
    methods = profile.token_endpoint_auth_methods
    if metadata["token_endpoint_auth_method"] not in methods:
        yield Problem(
            "token_endpoint_auth_method",
            f"This kind of client authenticates with: {', '.join(methods)}.",
        )


def _keys(metadata: dict[str, Any], _profile: Profile) -> Iterator[Problem]:
    has_jwks, has_jwks_uri = bool(metadata.get("jwks")), bool(metadata.get("jwks_uri"))
    if has_jwks and has_jwks_uri:
        yield Problem("jwks", "Give the keys or their address (jwks_uri), not both.")
    if metadata["token_endpoint_auth_method"] == "private_key_jwt":
        if not has_jwks and not has_jwks_uri:
            yield Problem("jwks", "private_key_jwt needs public keys: jwks or jwks_uri.")
    elif metadata.get("token_endpoint_auth_signing_alg"):
        yield Problem("token_endpoint_auth_signing_alg", "Is for private_key_jwt only.")


def _grants(metadata: dict[str, Any], profile: Profile) -> Iterator[Problem]:
    grants = set(metadata["grant_types"])
    if not grants:
        yield Problem("grant_types", "Must have one at least.")
    if not profile.has_people and grants - {"client_credentials"}:
        yield Problem("grant_types", "A machine has no people: client_credentials only.")
    if profile.has_people and "authorization_code" not in grants:
        yield Problem("grant_types", "People sign in by authorization_code, so it must be there.")
    if "client_credentials" in grants and metadata["token_endpoint_auth_method"] == "none":
        yield Problem("grant_types", "client_credentials needs a client that can keep a secret.")


def _response_types(metadata: dict[str, Any], profile: Profile) -> Iterator[Problem]:
    requested = set(metadata["response_types"])
    if requested - set(profile.response_types):
        yield Problem("response_types", "This kind of client has no such response type.")
    if ("code" in requested) != ("authorization_code" in metadata["grant_types"]):
        yield Problem("response_types", "code and the grant type authorization_code go together.")


def _redirect_uris(metadata: dict[str, Any], profile: Profile) -> Iterator[Problem]:
    if profile.has_people and not metadata["redirect_uris"]:
        yield Problem("redirect_uris", "Must have one at least: where people return to.")
    if not profile.has_people and metadata["redirect_uris"]:
        yield Problem("redirect_uris", "A machine has no people, so there is none to send back.")


def _scope(metadata: dict[str, Any], profile: Profile) -> Iterator[Problem]:
    if not profile.has_people and {"openid", "offline_access"} & set(metadata["scope"].split()):
        yield Problem("scope", "openid and offline_access are about people. A machine has none.")


def _protection(metadata: dict[str, Any], profile: Profile) -> Iterator[Problem]:
    is_public = metadata["token_endpoint_auth_method"] == "none"
    if not metadata["require_pkce"] and (is_public or not profile.pkce_optional):
        yield Problem("require_pkce", "Optional for oidc-compat clients with a secret or key only.")
    if not metadata["rotate_refresh_tokens"] and is_public:
        yield Problem("rotate_refresh_tokens", "A public client must rotate its refresh tokens.")


def _frontchannel_logout(metadata: dict[str, Any], _profile: Profile) -> Iterator[Problem]:
    uri = metadata["frontchannel_logout_uri"]
    web_uris = [uri for uri in metadata["redirect_uris"] if uri.startswith("http")]
    if uri and origin_of(uri) not in map(origin_of, web_uris):
        yield Problem("frontchannel_logout_uri", "Must be on the host and port of a redirect URI.")


RULES: tuple[Rule, ...] = (
    _authentication,
    _keys,
    _grants,
    _response_types,
    _redirect_uris,
    _scope,
    _protection,
    _frontchannel_logout,
)
