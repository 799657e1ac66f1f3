"""Standard claims of a person, as JSON. Spec: OpenID Connect Core 1.0 sections 5.1 and 5.1.1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError

from accounts.models import User, full_name
from accounts.prepared_query import PreparedQuery

TEXT_CLAIMS = (
    "name",
    "given_name",
    "family_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "profile",
    "picture",
    "website",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "email",
    "phone_number",
)
FLAG_CLAIMS = ("email_verified", "phone_number_verified")
ADDRESS_MEMBERS = (
    "formatted",
    "street_address",
    "locality",
    "region",
    "postal_code",
    "country",
)

_COLUMNS = (
    *TEXT_CLAIMS,
    *FLAG_CLAIMS,
    *(f"address_{member}" for member in ADDRESS_MEMBERS),
    "username",
    "updated_at",
)
_PERSON = PreparedQuery(User, where=("id", "is_active"), columns=_COLUMNS)


def find_standard_claims(user_id: str) -> dict[str, object] | None:
    """Return the claims of a person by id, or None for an unknown or disabled one. One query."""
    row = _PERSON.find(user_id, True)
    return _standard_claims(dict(zip(_COLUMNS, row, strict=True))) if row else None


def _standard_claims(person: Mapping[str, Any]) -> dict[str, object]:
    """Return every standard claim that a person has a value for; none is null or empty.

    Without `sub`, which depends on the client.
    """
    claims: dict[str, object] = {name: person[name] for name in TEXT_CLAIMS}
    claims["name"] = full_name(
        person["name"], person["given_name"], person["middle_name"], person["family_name"]
    )
    claims["preferred_username"] = person["preferred_username"] or person["username"]
    address = {member: person[f"address_{member}"] for member in ADDRESS_MEMBERS}
    claims["address"] = {member: value for member, value in address.items() if value}
    claims = {name: value for name, value in claims.items() if value}
    for flag in FLAG_CLAIMS:
        if flag.removesuffix("_verified") in claims:
            claims[flag] = person[flag]
    claims["updated_at"] = int(person["updated_at"].timestamp())
    return claims


def set_claims(user: User, claims: Mapping[str, object]) -> None:
    """Write claims to the columns of a person, unsaved. `sub` and `updated_at` are not to choose.

    `email_verified` is only a wish until `accounts.emails.set_email` has written it down.

    Raises:
        ValidationError: an unknown claim, or one of the wrong JSON type.
    """
    for name, value in claims.items():
        if name == "address":
            _set_address(user, value)
        elif name in FLAG_CLAIMS:
            _set(user, name, value, bool)
        elif name in TEXT_CLAIMS:
            _set(user, name, value, str)
        else:
            raise ValidationError({name: "Not a standard claim that can be set."})


def _set_address(user: User, address: object) -> None:
    if not isinstance(address, Mapping) or not set(address) <= set(ADDRESS_MEMBERS):
        members = ", ".join(ADDRESS_MEMBERS)
        raise ValidationError({"address": f"Must be an object with members from: {members}."})
    for member, value in address.items():
        _set(user, f"address_{member}", value, str)


def _set(user: User, field: str, value: object, type_: type) -> None:
    if not isinstance(value, type_):
        kind = "true or false" if type_ is bool else "a text"
        raise ValidationError({field: f"Must be {kind}."})
    setattr(user, field, value)
