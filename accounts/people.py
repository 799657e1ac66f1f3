"""What operators do with people. The command line, the admin and demo data share it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.claims import set_claims
from accounts.emails import set_email
from accounts.models import User, UserManager
from accounts.signals import sign_out_everywhere

_PASSWORD_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # no look-alikes
_PASSWORD_GROUPS, _PASSWORD_GROUP_LENGTH = 4, 4


def generate_password() -> str:
    """Return a random password that can be read aloud and typed: 79 bits in four groups."""
    return "-".join(
        "".join(secrets.choice(_PASSWORD_LETTERS) for _ in range(_PASSWORD_GROUP_LENGTH))
        for _ in range(_PASSWORD_GROUPS)
    )


def create_person(
    username: str,
    email: str = "",
    *,
    password: str | None = None,
    claims: Mapping[str, object] | None = None,
    is_superuser: bool = False,
) -> tuple[User, str]:
    """Create a person who can sign in. Returns them, and the password, which is kept nowhere.

    `claims` are standard claims by their names, `address` as an object. Without `password` a good
    one is generated.

    Raises:
        ValidationError: a claim or the username breaks its format, or is taken.
    """
    password = generate_password() if password is None else password
    user = User(
        username=User.normalize_username(username), is_staff=is_superuser, is_superuser=is_superuser
    )
    set_claims(user, claims or {})
    address = UserManager.normalize_email(email or user.email)
    is_verified = user.email_verified
    _check_email(address, claims or {})
    user.email = address
    user.set_password(password)
    user.full_clean()
    with transaction.atomic():
        user.save()
        set_email(user, address, verified=is_verified)
    return user, password


def revoke_person(username: str) -> User:
    """End every session and grant of a person. They may sign in again.

    Raises:
        User.DoesNotExist: nobody is called so.
    """
    user = User.objects.get_by_natural_key(username)
    sign_out_everywhere(str(user.pk))
    return user


def find_person(name: str) -> User:
    """Return a person by username, in whatever spelling, or by e-mail address.

    Raises:
        User.DoesNotExist: nobody is called so.
    """
    person = User.objects.find_by_login(name)
    if person is None:
        raise User.DoesNotExist
    return person


def set_active(person: User, *, is_active: bool) -> User:
    """Let a person sign in, or no more; then every session and grant ends, as from the admin."""
    person.is_active = is_active
    person.save(update_fields=["is_active", "updated_at"])
    return person


def reset_password(person: User) -> str:
    """Give a person a new password, and return it; every session and grant ends.

    Not a link: whoever opens one is taken to have read the mail it came with, which confirms the
    e-mail address.
    """
    password = generate_password()
    person.set_password(password)
    person.save(update_fields=["password", "updated_at"])
    return password


def find_user_id(*, user_id: str = "", email: str = "") -> str | None:
    """Return the id of a person by it or by e-mail address, None if there is nobody. One query."""
    if email:
        people = User.objects.filter(email=UserManager.normalize_email(email))
    elif _is_uuid(user_id):
        people = User.objects.filter(pk=user_id)
    else:
        return None
    found = people.values_list("pk", flat=True).first()
    return None if found is None else str(found)


def _is_uuid(text: str) -> bool:
    """Tell whether a text is one, in the one spelling that is used here."""
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def _check_email(address: str, claims: Mapping[str, object]) -> None:
    """Refuse an address that contradicts the claims: which one is verified could not be told."""
    claimed = claims.get("email")
    if isinstance(claimed, str) and UserManager.normalize_email(claimed) != address:
        raise ValidationError({"email": "The claims name another e-mail address."})
