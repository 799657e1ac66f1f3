"""Which claims a scope brings, and their values. Spec: OpenID Connect Core 1.0 section 5.4."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

SCOPE_CLAIMS: dict[str, tuple[str, ...]] = {
    "profile": (
        "name", "family_name", "given_name", "middle_name", "nickname", "preferred_username",
        "profile", "picture", "website", "gender", "birthdate", "zoneinfo", "locale",
        "updated_at",
    ),
    "email": ("email", "email_verified"),
    "phone": ("phone_number", "phone_number_verified"),
    "address": ("address",),
}  # fmt: skip

SCOPES_SUPPORTED = ("openid", *SCOPE_CLAIMS, "offline_access")
CLAIMS_SUPPORTED = (
    "sub", "iss", "aud", "exp", "iat", "auth_time", "acr", "amr", "nonce",
    *(claim for claims in SCOPE_CLAIMS.values() for claim in claims),
)  # fmt: skip


def releasable_claims(scope: Iterable[str]) -> frozenset[str]:
    """Return the names of all claims that scopes bring.

    With a client's registered scope: every claim that it may get, however it asks.
    """
    return _releasable_claims(tuple(scope))


@lru_cache(maxsize=1024)
def _releasable_claims(scope: tuple[str, ...]) -> frozenset[str]:
    return frozenset(name for value in scope for name in SCOPE_CLAIMS.get(value, ()))


def requested_claim_names(claims: str, member: str, client_scope: Iterable[str]) -> list[str]:
    """Return what a grant's `claims` asks for in `userinfo` or `id_token`.

    `client_scope`: the client's as it is today. What it may not have any more is left out.
    """
    if not claims:
        return []
    releasable = releasable_claims(client_scope)
    return [name for name in json.loads(claims).get(member, []) if name in releasable]


def claims_by_name(all_claims: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Pick claims by name; those without a value are left out."""
    return {name: all_claims[name] for name in names if all_claims.get(name) not in (None, "", {})}


def claims_for_scope(all_claims: Mapping[str, Any], scope: Iterable[str]) -> dict[str, Any]:
    """Pick the claims of the granted scopes; those without a value are left out.

    `all_claims`: every standard claim of a person by its specified name and type.
    """
    names = [name for value in scope for name in SCOPE_CLAIMS.get(value, ())]
    return claims_by_name(all_claims, names)
