"""Rules between members: what fits together, and what the kind of client allows.

Spec: RFC 7591 section 2.1, OAuth 2.1 sections 2.4 and 4.3.1, RFC 9700 section 2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from oidc.clients.jwk import SIGNING_ALGS, usable_keys
from oidc.clients.profiles import PROFILES, SECRET_METHODS, Profile, grant_types_of
from oidc.clients.record import OPAQUE
from oidc.clients.sector import hosts_of
from oidc.clients.validation.addresses import origin_of
from oidc.clients.validation.errors import Problem
from oidc.keys.algorithms import SYMMETRIC_ALGORITHM

_ACCESS_TOKEN = "access_token_encryption"

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
    needs_keys = metadata["token_endpoint_auth_method"] == "private_key_jwt"
    if needs_keys and not (has_jwks or has_jwks_uri):
        yield Problem("jwks", "private_key_jwt needs public keys: jwks or jwks_uri.")
    elif needs_keys and not any(_has_key_for(metadata, alg) for alg in SIGNING_ALGS):
        yield Problem("jwks", "private_key_jwt needs a key that signs: RSA, EC P-256 or Ed25519.")


def _assertions(metadata: dict[str, Any], _profile: Profile) -> Iterator[Problem]:
    member = "token_endpoint_auth_signing_alg"
    method, alg = metadata["token_endpoint_auth_method"], metadata.get(member)
    if alg and method not in ("private_key_jwt", "client_secret_jwt"):
        yield Problem(member, "Is for private_key_jwt and client_secret_jwt only.")
    elif alg and (alg == SYMMETRIC_ALGORITHM) != (method == "client_secret_jwt"):
        yield Problem(member, "HS256 and client_secret_jwt go together.")


def _symmetric_signatures(metadata: dict[str, Any], _profile: Profile) -> Iterator[Problem]:
    if metadata["token_endpoint_auth_method"] in SECRET_METHODS:
        return
    for member in ("id_token_signed_response_alg", "userinfo_signed_response_alg"):
        if metadata.get(member) == SYMMETRIC_ALGORITHM:
            yield Problem(member, "HS256 signs with the client secret, and this client has none.")


def _encryption(metadata: dict[str, Any], _profile: Profile) -> Iterator[Problem]:
    for kind in ("id_token_encrypted_response", "userinfo_encrypted_response", _ACCESS_TOKEN):
        alg, enc = metadata[f"{kind}_alg"], metadata[f"{kind}_enc"]
        if alg and not _has_key_for(metadata, alg):
            yield Problem(f"{kind}_alg", "Needs a public key to encrypt to: jwks or jwks_uri.")
        if enc and not alg:
            yield Problem(f"{kind}_enc", f"Needs {kind}_alg.")
    if metadata[f"{_ACCESS_TOKEN}_alg"] and not metadata["introspection_audience"]:
        yield Problem(f"{_ACCESS_TOKEN}_alg", "Is for an API: introspection_audience names it.")
    if metadata[f"{_ACCESS_TOKEN}_alg"] and metadata["access_token_format"] == OPAQUE:
        yield Problem("access_token_format", "Opaque tokens need no encryption: nobody reads them.")


def _access_tokens(metadata: dict[str, Any], _profile: Profile) -> Iterator[Problem]:
    for member in ("access_token_signing_alg", "access_token_typ"):
        if metadata[member] and metadata["access_token_format"] == OPAQUE:
            yield Problem(member, "Opaque tokens have no signature and no header.")


def _has_key_for(metadata: dict[str, Any], alg: str) -> bool:
    """Look into the keys given here; what is at an address is seen when it is needed."""
    keys = (metadata.get("jwks") or {"keys": []})["keys"]
    return bool(metadata.get("jwks_uri")) or any(alg in key.algs for key in usable_keys(keys))


def _grants(metadata: dict[str, Any], profile: Profile) -> Iterator[Problem]:
    grants = set(metadata["grant_types"])
    if not grants:
        yield Problem("grant_types", "Must have one at least.")
    if not profile.has_people and grants - {"client_credentials"}:
        yield Problem("grant_types", "A machine has no people: client_credentials only.")
    if "implicit" in grants - set(profile.grant_types):
        yield Problem("grant_types", "implicit is for oidc-compat clients only.")
    elif profile.has_people and not grants & {"authorization_code", "implicit"}:
        yield Problem("grant_types", "People sign in by authorization_code, so it must be there.")
    if "refresh_token" in grants and "authorization_code" not in grants:
        yield Problem("grant_types", "refresh_token comes with authorization_code only.")
    if "client_credentials" in grants and metadata["token_endpoint_auth_method"] == "none":
        yield Problem("grant_types", "client_credentials needs a client that can keep a secret.")


def _response_types(metadata: dict[str, Any], profile: Profile) -> Iterator[Problem]:
    requested = set(metadata["response_types"])
    if requested - set(profile.response_types):
        yield Problem("response_types", "This kind of client has no such response type.")
    if profile.has_people and not requested:
        yield Problem("response_types", "Must have one at least: how people sign in.")
    needed, given = grant_types_of(requested), set(metadata["grant_types"])
    if needed != given & {"authorization_code", "implicit"}:
        yield Problem(
            "response_types",
            "code goes with the grant type authorization_code, id_token and token with implicit.",
        )


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


def _logout(metadata: dict[str, Any], profile: Profile) -> Iterator[Problem]:
    for member in ("post_logout_redirect_uris", *LOGOUT_URIS):
        if metadata[member] and not profile.has_people:
            yield Problem(member, "A machine has no people, so nobody signs out of it.")


def _frontchannel_logout(metadata: dict[str, Any], _profile: Profile) -> Iterator[Problem]:
    uri = metadata["frontchannel_logout_uri"]
    web_uris = [uri for uri in metadata["redirect_uris"] if uri.startswith(WEB_SCHEMES)]
    if uri and origin_of(uri) not in map(origin_of, web_uris):
        yield Problem("frontchannel_logout_uri", "Must be on the host and port of a redirect URI.")


def _subjects(metadata: dict[str, Any], profile: Profile) -> Iterator[Problem]:
    # The host in an app's own scheme belongs to nobody: it must not lead into a site's sector.
    uri = metadata["sector_identifier_uri"]
    hosts = hosts_of(
        uri if uri.startswith(WEB_SCHEMES) else "" for uri in metadata["redirect_uris"]
    )
    if metadata["subject_type"] != "pairwise" or not profile.has_people or uri:
        return
    if len(hosts) != 1 or "" in hosts:
        yield Problem(
            "sector_identifier_uri",
            "A pairwise client needs it, unless all its redirect URIs are on one host.",
        )


WEB_SCHEMES = ("https:", "http:")
LOGOUT_URIS = ("backchannel_logout_uri", "frontchannel_logout_uri")

RULES: tuple[Rule, ...] = (
    _authentication,
    _keys,
    _assertions,
    _symmetric_signatures,
    _encryption,
    _access_tokens,
    _grants,
    _response_types,
    _redirect_uris,
    _scope,
    _protection,
    _frontchannel_logout,
    _subjects,
)
