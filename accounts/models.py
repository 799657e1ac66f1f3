"""People."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, PermissionsMixin
from django.contrib.auth.models import UserManager as DjangoUserManager
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from accounts.names import LONGEST, folded
from accounts.signals import sign_out_everywhere
from accounts.validators import (
    validate_birthdate,
    validate_https_url,
    validate_locale,
    validate_new_username,
    validate_phone_number,
    validate_username,
    validate_zoneinfo,
)


class UserManager(DjangoUserManager["User"]):
    """Makes and finds users, with e-mail addresses in lower case as allauth keeps them."""

    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        return (email or "").strip().lower()

    def find_by_login(self, login: str) -> User | None:
        """Return the person who signs in with this username or e-mail address. One query."""
        if "@" in login:  # no username has one
            return self.find_by_email(login)
        return self.find_by_username(login)

    def find_by_username(self, username: str) -> User | None:
        """Return the person with this username, however it is spelled. One query."""
        people = list(self.filter(Q(username=username) | Q(username_key=folded(username)))[:2])
        exact = [person for person in people if person.username == username]
        return next(iter(exact or people), None)

    def get_by_natural_key(self, username: str | None) -> User:
        person = self.find_by_username(username or "")
        if person is None:
            raise self.model.DoesNotExist
        return person

    def find_by_email(self, email: str) -> User | None:
        """Return the person whose present address this is. Addresses that wait are nobody's."""
        return self.filter(email=self.normalize_email(email)).first() if email else None


class UsernameKeyField(models.CharField):  # type: ignore[type-arg]
    """The folded form of the username. Whoever had a look-alike name before it was refused has a
    key with `#` in it, which no username has, and signs in with the exact spelling."""

    def pre_save(self, model_instance: Any, add: bool) -> str:
        user = model_instance
        key = username_key(user.username, user.username_key, user.pk)
        user.username_key = key
        return key


def username_key(username: str, current: str | None, user_id: uuid.UUID) -> str:
    """Return the key of a username: the current one as long as it is one of this name's."""
    whole = folded(username)
    start = whole[:LONGEST]
    if current and (current == whole or current.startswith(f"{start}#")):
        return current
    return whole if whole == start else f"{start}#{user_id.hex}"


def full_name(name: str, *parts: str) -> str:
    """Return the name to show: the whole one, else its parts, else an empty string."""
    return name or " ".join(part for part in parts if part)


class StandardClaims(models.Model):
    """The standard claims as columns. Spec: OpenID Connect Core 1.0 sections 5.1 and 5.1.1.

    An empty column is a claim that this person does not have.
    """

    name = models.CharField("full name", max_length=255, blank=True)
    given_name = models.CharField(max_length=255, blank=True)
    family_name = models.CharField(max_length=255, blank=True)
    middle_name = models.CharField(max_length=255, blank=True)
    nickname = models.CharField(max_length=255, blank=True)
    preferred_username = models.CharField(
        max_length=255, blank=True, help_text="What apps may show as username. Empty: the username."
    )
    profile = models.CharField(
        "profile page", max_length=1024, blank=True, validators=[validate_https_url]
    )
    picture = models.CharField(max_length=1024, blank=True, validators=[validate_https_url])
    website = models.CharField(max_length=1024, blank=True, validators=[validate_https_url])
    email = models.EmailField("e-mail address", blank=True)
    email_verified = models.BooleanField(
        "e-mail address verified",
        default=False,
        help_text="The address is known to belong to this person.",
    )
    """A copy. The truth is allauth's `EmailAddress`; `accounts.emails` keeps the two in step."""
    gender = models.CharField(max_length=64, blank=True)
    birthdate = models.CharField(
        max_length=10,
        blank=True,
        validators=[validate_birthdate],
        help_text="YYYY-MM-DD, YYYY, or 0000-MM-DD without the year.",
    )
    zoneinfo = models.CharField(
        "time zone",
        max_length=64,
        blank=True,
        validators=[validate_zoneinfo],
        help_text="Like Europe/Paris.",
    )
    locale = models.CharField(
        "language", max_length=64, blank=True, validators=[validate_locale], help_text="Like en-GB."
    )
    phone_number = models.CharField(
        max_length=32,
        blank=True,
        validators=[validate_phone_number],
        help_text="Like +15551234567.",
    )
    phone_number_verified = models.BooleanField(default=False)
    address_formatted = models.TextField(
        "full postal address", blank=True, help_text="As on a letter, with line breaks."
    )
    address_street_address = models.TextField("street address", blank=True)
    address_locality = models.CharField("city or locality", max_length=255, blank=True)
    address_region = models.CharField("state or region", max_length=255, blank=True)
    address_postal_code = models.CharField("postal code", max_length=32, blank=True)
    address_country = models.CharField("country", max_length=255, blank=True)
    updated_at = models.DateTimeField(auto_now=True, editable=False)

    class Meta:
        abstract = True


class User(StandardClaims, AbstractBaseUser, PermissionsMixin):
    """A person who signs in. The `sub` of tokens is the primary key."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    username = models.CharField(
        max_length=LONGEST,
        unique=True,
        validators=[validate_username],
        help_text="Letters, digits and . + - _ only. The person signs in with it, or by e-mail.",
        error_messages={"unique": "Somebody has this username already."},
    )
    username_key = UsernameKeyField(max_length=255, unique=True, null=True, editable=False)
    """None for somebody whom an older version made meanwhile, until the next save."""
    is_active = models.BooleanField(
        "may sign in",
        default=True,
        help_text="Switched off, every session and every app of this person is signed out.",
    )
    is_staff = models.BooleanField(
        "may use the admin", default=False, help_text="May open these pages."
    )
    date_joined = models.DateTimeField(default=timezone.now, editable=False)

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["email"]

    objects = UserManager()

    _password: str | None
    """Django's: the new password in clear, between `set_password` and `save`."""

    class Meta:
        ordering = ("username",)
        constraints = [
            models.UniqueConstraint(
                Lower("username"),
                name="unique_username_in_any_case",
                violation_error_message="Somebody has this username already.",
            ),
            models.UniqueConstraint(
                Lower("email"),
                condition=~models.Q(email=""),
                name="unique_email_in_any_case",
                violation_error_message="Somebody has this e-mail address already.",
            ),
        ]

    def __str__(self) -> str:
        return self.username

    def save(
        self,
        *,
        force_insert: Any = False,
        force_update: bool = False,
        using: str | None = None,
        update_fields: Iterable[str] | None = None,
    ) -> None:
        """Save, and sign the person out everywhere if this is a new password or a deactivation.

        A hash that Django renews on a log-in is not a new password.
        """
        if update_fields is not None and "username" in update_fields:
            update_fields = {*update_fields, "username_key"}
        ends_sessions = self._has_new_password() or self._is_being_deactivated()
        with transaction.atomic(using=using):
            super().save(
                force_insert=force_insert,
                force_update=force_update,
                using=using,
                update_fields=update_fields,
            )
            if ends_sessions:
                sign_out_everywhere(str(self.pk))

    def clean(self) -> None:
        super().clean()
        self.email = UserManager.normalize_email(self.email)
        if self.username and self._has_new_username():
            validate_new_username(self.username)
            other = User.objects.find_by_username(self.username)
            if other is not None and other.pk != self.pk:
                raise ValidationError({"username": "Somebody has this username already."})

    def _has_new_username(self) -> bool:
        return (
            self._state.adding
            or not User.objects.filter(pk=self.pk, username=self.username).exists()
        )

    def _has_new_password(self) -> bool:
        return not self._state.adding and self._password is not None

    def _is_being_deactivated(self) -> bool:
        return not self.is_active and User.objects.filter(pk=self.pk, is_active=True).exists()

    def get_full_name(self) -> str:
        """The name to show: `name`, else its parts, else an empty string."""
        return full_name(self.name, self.given_name, self.middle_name, self.family_name)

    def get_short_name(self) -> str:
        """What to call this person."""
        return self.nickname or self.given_name or self.name or self.username


class PendingAddress(models.Model):
    """An e-mail address that waits for its link. Until then it is nobody's, for any purpose.

    One for each person: the latest link counts. Signing out everywhere, and with it a new password,
    deletes it. It is the present address where that one was never confirmed.
    """

    user = models.OneToOneField(
        User, on_delete=models.CASCADE, primary_key=True, related_name="pending_address"
    )
    email = models.EmailField()
    key_hash = models.CharField(max_length=64)
    """SHA-256 of the key in the link."""
    asked_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.email
