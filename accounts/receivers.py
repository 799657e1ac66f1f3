"""What accounts does when something happens to a person. Connected by `AccountsConfig.ready`."""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import Any

from allauth.account.models import EmailAddress
from allauth.account.signals import authentication_step_completed
from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from django.http import HttpRequest

from accounts.authentication import RECORDS_MEMBER, SIGNED_IN_AT_MEMBER
from accounts.emails import copy_verification, forget_pending_address
from accounts.models import User
from accounts.signals import sign_out_everywhere, signed_out_everywhere

NAMES = frozenset({"username", "email", "phone"})
"""What a person typed to sign in. allauth notes it, and nobody reads it."""


@receiver(post_save, sender=User)
def user_saved(instance: User, raw: bool, update_fields: Collection[str] | None, **_: Any) -> None:
    """Keep `email_verified` true to the address, whoever wrote it."""
    if raw:
        return
    if update_fields is None or {"email", "email_verified"} & set(update_fields):
        copy_verification(instance)


@receiver(post_save, sender=EmailAddress)
@receiver(post_delete, sender=EmailAddress)
def email_address_changed(instance: EmailAddress, **_: Any) -> None:
    """Keep `email_verified` in step with confirmations."""
    user = User.objects.filter(pk=instance.user_id).first()
    if user is not None:
        copy_verification(user)


@receiver(signed_out_everywhere)
def links_end(user_id: str, **_: Any) -> None:
    """No link that was asked for before changes the address of this person."""
    forget_pending_address(user_id)


@receiver(post_delete, sender=User)
def user_deleted(instance: User, **_: Any) -> None:
    """Nobody stays signed in to an account that is gone."""
    sign_out_everywhere(str(instance.pk))


@receiver(authentication_step_completed)
def shorten_records(request: HttpRequest, **_: Any) -> None:
    """Keep the latest record of each kind, without names: sessions stay small and tell nobody
    who somebody is."""
    latest: dict[tuple[object, object], dict[str, object]] = {}
    for record in request.session.get(RECORDS_MEMBER, []):
        kind = record.get("method"), record.get("type")
        latest.pop(kind, None)  # to the end, where the last step belongs
        latest[kind] = {name: value for name, value in record.items() if name not in NAMES}
    request.session[RECORDS_MEMBER] = list(latest.values())


@receiver(user_logged_in)
def remember_sign_in(request: HttpRequest | None, **_: Any) -> None:
    """Note the time, for sign-ins of which allauth keeps no record (after a sign-up)."""
    if request is not None:
        request.session[SIGNED_IN_AT_MEMBER] = time.time()
