"""People in Django's admin."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import allauth.account.admin  # noqa: F401 - registers what is unregistered below
from allauth.account.models import EmailAddress
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.emails import set_email
from accounts.models import User
from accounts.privileges import is_superuser, may_act_upon
from accounts.signals import sign_out_everywhere

admin.site.unregister(Group)
admin.site.unregister(EmailAddress)


PRIVILEGES = ("is_staff", "is_superuser", "user_permissions")


class UserCreationForm(AdminUserCreationForm):  # type: ignore[type-arg]
    """The first page: enough to let somebody sign in."""

    class Meta(AdminUserCreationForm.Meta):
        model = User
        fields = ("username", "email", "email_verified")


class UserForm(UserChangeForm):  # type: ignore[type-arg]
    """Everything about a person."""

    class Meta(UserChangeForm.Meta):
        model = User
        widgets = {
            "address_formatted": forms.Textarea(attrs={"rows": 4}),
            "address_street_address": forms.Textarea(attrs={"rows": 2}),
        }


@admin.register(User)
class UserAdmin(DjangoUserAdmin):  # type: ignore[type-arg]
    """People, with the claims that apps may ask for."""

    form = UserForm
    add_form = UserCreationForm
    list_display = ("username", "email", "email_verified", "name", "is_active", "is_staff")
    list_filter = ("is_active", "is_staff", "email_verified")
    search_fields = ("username", "email", "name", "given_name", "family_name", "id")
    ordering = ("username",)
    filter_horizontal = ("user_permissions",)
    readonly_fields = ("id", "last_login", "date_joined", "updated_at")
    actions = ("sign_out_everywhere",)
    add_fieldsets = (
        (
            None,
            {
                "classes": ("wide",),
                "fields": (
                    "username",
                    "email",
                    "email_verified",
                    "usable_password",
                    "password1",
                    "password2",
                ),
            },
        ),
    )
    fieldsets = (
        ("Sign-in", {"fields": ("username", "password", "is_active")}),
        (
            "E-mail",
            {
                "description": "Apps with the scope email see this. A new address is not verified "
                "until its owner has followed the link, or you vouch for it here.",
                "fields": ("email", "email_verified"),
            },
        ),
        (
            "Profile",
            {
                "description": "Apps with the scope profile see this. Empty fields are left out.",
                "fields": (
                    "name",
                    "given_name",
                    "middle_name",
                    "family_name",
                    "nickname",
                    "preferred_username",
                    "profile",
                    "picture",
                    "website",
                    "gender",
                    "birthdate",
                    "zoneinfo",
                    "locale",
                ),
            },
        ),
        (
            "Phone",
            {
                "description": "Apps with the scope phone see this.",
                "classes": ("collapse",),
                "fields": ("phone_number", "phone_number_verified"),
            },
        ),
        (
            "Address",
            {
                "description": "Apps with the scope address see this.",
                "classes": ("collapse",),
                "fields": (
                    "address_formatted",
                    "address_street_address",
                    "address_locality",
                    "address_region",
                    "address_postal_code",
                    "address_country",
                ),
            },
        ),
        (
            "Administration",
            {
                "classes": ("collapse",),
                "fields": ("is_staff", "is_superuser", "user_permissions"),
            },
        ),
        ("Record", {"fields": ("id", "date_joined", "last_login", "updated_at")}),
    )

    # Django lets whoever may change people make a superuser of themselves, or give one a new
    # password. A help desk shall not be that powerful.

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        return fields if is_superuser(request) else (*fields, *PRIVILEGES)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and may_act_upon(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and may_act_upon(request, obj)

    @admin.action(description="Sign out everywhere", permissions=["change"])
    def sign_out_everywhere(self, request: HttpRequest, people: QuerySet[User]) -> None:
        """End every session and grant of the chosen people. They may sign in again.

        Django asks for the permission in general only; here it is asked for each person.
        """
        chosen = list(people)
        permitted = [user for user in chosen if self.has_change_permission(request, user)]
        for user in permitted:
            sign_out_everywhere(str(user.pk))
        if permitted:
            self.message_user(
                request, f"Signed out everywhere: {_names(permitted)}.", messages.SUCCESS
            )
        if len(permitted) < len(chosen):
            spared = [user for user in chosen if user not in permitted]
            self.message_user(
                request,
                f"Not signed out: {_names(spared)}. Only superusers may do this to somebody who "
                "may use the admin.",
                messages.ERROR,
            )

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Save, and write the address where its verification is kept."""
        is_verified = obj.email_verified
        super().save_model(request, obj, form, change)
        if {"email", "email_verified"} & set(form.changed_data):
            set_email(obj, obj.email, verified=is_verified)


def _names(people: Iterable[User]) -> str:
    return ", ".join(user.username for user in people)
