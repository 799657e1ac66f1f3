"""E-mail addresses of people, and whether they are verified.

The truth is allauth's `EmailAddress` table, because confirmation links write there. `User.email`
and `User.email_verified` are copies of the primary address, so that claims need no second query.
A person has one address here. A new one waits in `PendingAddress` for its link, where neither
allauth nor anybody else looks for addresses.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from uuid import UUID

from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import PendingAddress, User, UserManager

LINK_LIFETIME = timedelta(days=3)
"""How long a mailed link confirms an address. Longer: more time for whoever reads old mail."""


class AddressTaken(Exception):
    """Somebody else has confirmed or entered this address in the meantime."""


def set_email(user: User, email: str, *, verified: bool) -> None:
    """Make this the one address of a person, or take it away if empty; forget all others."""
    address = UserManager.normalize_email(email)
    with transaction.atomic():
        forget_pending_address(user.pk)
        EmailAddress.objects.filter(user=user).exclude(email=address).delete()
        if user.email != address:
            user.email = address
            user.save(update_fields=["email", "updated_at"])
        if address:
            # Nobody else has this address in use, so their rows of it are left over.
            EmailAddress.objects.filter(email=address).exclude(user=user).delete()
            EmailAddress.objects.update_or_create(
                user=user, email=address, defaults={"primary": True, "verified": verified}
            )
    copy_verification(user)


def copy_verification(user: User) -> None:
    """Bring `User.email_verified` in step with the table that decides."""
    verified = EmailAddress.objects.filter(user=user, email=user.email, verified=True).exists()
    now = timezone.now()
    stale = User.objects.filter(pk=user.pk).exclude(email_verified=verified)
    if stale.update(email_verified=verified, updated_at=now):
        user.updated_at = now
    user.email_verified = verified


def await_confirmation(user: User, email: str) -> str:
    """Let an address wait for its link, in place of an earlier one. Returns the key of the link."""
    key = secrets.token_urlsafe(32)
    PendingAddress.objects.update_or_create(
        user=user,
        defaults={
            "email": UserManager.normalize_email(email),
            "key_hash": _key_hash(key),
            "asked_at": timezone.now(),
        },
    )
    return key


def find_pending_address(user: User, key: str = "") -> str | None:
    """Return the address that waits for its link; with a key, only if it is the link's."""
    pending = PendingAddress.objects.filter(
        user=user, asked_at__gt=timezone.now() - LINK_LIFETIME
    ).first()
    if pending is None or (key and not _is_key(key, pending)):
        return None
    return pending.email


def confirm_pending_address(user: User, key: str) -> str | None:
    """Make the address of a link the verified one of this person. Works once.

    Returns the address, or None if the link is not this person's or does not count any more.

    Raises:
        AddressTaken: it belongs to somebody else by now.
    """
    try:
        with transaction.atomic():
            email = find_pending_address(user, key)
            # Deleting decides: a sign-out at the same time either comes first, or sees the change.
            link = PendingAddress.objects.filter(user=user, key_hash=_key_hash(key))
            if email is None or not link.delete()[0]:
                return None
            set_email(user, email, verified=True)
    except IntegrityError as error:
        forget_pending_address(user.pk)
        raise AddressTaken from error
    return email


def forget_pending_address(user_id: UUID | str) -> None:
    """Let the link of a person count no more."""
    PendingAddress.objects.filter(user_id=user_id).delete()


def verify_present_address(user: User) -> None:
    """Note that a person has opened a link that was mailed to their present address."""
    if user.email and not user.email_verified:
        set_email(user, user.email, verified=True)


def _key_hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _is_key(key: str, pending: PendingAddress) -> bool:
    return secrets.compare_digest(_key_hash(key), pending.key_hash)
