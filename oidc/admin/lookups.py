"""Keeps columns with secrets out of the filters that a URL may name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models.constants import LOOKUP_SEP
from django.http import HttpRequest

if TYPE_CHECKING:
    AnyModelAdmin = admin.ModelAdmin[Any]
else:
    AnyModelAdmin = admin.ModelAdmin


class SecretColumns(AnyModelAdmin):
    """Django filters a list by any column: `?column__startswith=` would spell a hidden one out."""

    secret_columns: tuple[str, ...] = ()

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        column = lookup.partition(LOOKUP_SEP)[0]
        if column in self.secret_columns:
            return False
        return super().lookup_allowed(lookup, value, request)  # type: ignore[arg-type]
