"""What the server wrote down, to be read: consents, signing keys."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from accounts.privileges import may_act_upon
from oidc.admin.lookups import SecretColumns
from oidc.models import Consent, SigningKey


class ReadOnlyAdmin(SecretColumns):
    """A list to look at. Nothing is added or changed here."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Consent)
class ConsentAdmin(ReadOnlyAdmin):
    """What people allowed. Deleting one makes the consent page ask again."""

    list_display = ("user", "client_id", "scope", "granted_at")
    list_select_related = ("user",)
    search_fields = ("user__username", "client_id")

    def has_delete_permission(self, request: HttpRequest, obj: Consent | None = None) -> bool:
        person = None if obj is None else obj.user
        return super().has_delete_permission(request, obj) and may_act_upon(request, person)


@admin.register(SigningKey)
class SigningKeyAdmin(ReadOnlyAdmin):
    """The published keys. `manage.py keys` rotates and retires them."""

    list_display = ("kid", "algorithm", "status", "created_at", "signing_since", "retired_at")
    list_filter = ("algorithm", "status")
    exclude = ("private_key_encrypted",)
    secret_columns = ("private_key_encrypted",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
