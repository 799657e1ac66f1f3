"""E-mail addresses of people, and whether they are verified.

The truth is allauth's `EmailAddress` table, because confirmation links write there. `User.email`
and `User.email_verified` are copies of the primary address, so that claims need no second query.
A person has one address here.
"""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.db import transaction
from django.utils import timezone

from accounts.models import User, UserManager


def set_email(user: User, email: str, *, verified: bool) -> None:
    """Make this the one address of a person, or take it away if empty; forget older ones."""
    address = UserManager.normalize_email(email)
    with transaction.atomic():
        EmailAddress.objects.filter(user=user).exclude(email=address).delete()
        if user.email != address:
            user.email = address
            user.save(update_fields=["email", "updated_at"])
        if address:
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
