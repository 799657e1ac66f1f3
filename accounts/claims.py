"""Standard claims of a person, as JSON. Spec: OpenID Connect Core 1.0 sections 5.1 and 5.1.1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.signals import post_delete, post_save

from accounts.models import User, full_name
from accounts.prepared_query import PreparedQuery
from accounts.short_memory import ShortMemory

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
REMEMBERED_SECONDS = 5
"""How late a change in another process may be seen. Who is disabled there is signed out at once:
that does not wait for this."""


class _Person(NamedTuple):
    claims: Mapping[str, object]
    username: str


_memory: ShortMemory[_Person] = ShortMemory()
_PERSON = PreparedQuery(User, where=("id", "is_active"), columns=_COLUMNS)


def find_standard_claims(user_id: str) -> Mapping[str, object] | None:
    """Return the claims of a person by id, or None for an unknown or disabled one.

    At most one query. What it finds is remembered for `REMEMBERED_SECONDS`.
    """
    person = _find(user_id)
    return None if person is None else person.claims


def find_username(user_id: str) -> str:
    """Return the name that a person signs in with, empty for an unknown or disabled one.

    As costly as `find_standard_claims`, and from the same memory.
    """
    person = _find(user_id)
    return "" if person is None else person.username


def remembered_username(user_id: str) -> str | None:
    """Return the name that a person signs in with, if it is in memory. No query."""
    person = _memory.find(user_id)
    return None if person is None else person.username


def _find(user_id: str) -> _Person | None:
    known = _memory.find(user_id)
    if known is not None:
        return known
    changes = _memory.changes
    row = _PERSON.find(user_id, True)
    if row is None:
        return None
    columns = dict(zip(_COLUMNS, row, strict=True))
    person = _Person(_standard_claims(columns), columns["username"])
    _memory.keep(user_id, person, REMEMBERED_SECONDS, changes=changes)
    return person


def _forget(*, instance: User, **_: Any) -> None:
    """Drop somebody who was changed at once, and again once others can read the change."""
    user_id = str(instance.pk)
    _memory.forget(user_id)
    transaction.on_commit(lambda: _memory.forget(user_id))


post_save.connect(_forget, sender=User, dispatch_uid="forget_saved_person")
post_delete.connect(_forget, sender=User, dispatch_uid="forget_deleted_person")


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
