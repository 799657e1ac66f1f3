"""Brings what is encrypted in SQL under the current secret key.

Signing keys are replaced in time and take their encryption along; the salt of pairwise subjects and
the secrets of clients stay for years. So that an old `SECRET_KEY` can be forgotten, the worker
encrypts them anew.
"""

from __future__ import annotations

import structlog
from django.db.models import Model

from oidc.keys import at_rest
from oidc.models import InstallationSecret, OAuthClient, SigningKey

COLUMNS: tuple[tuple[type[Model], str], ...] = (
    (SigningKey, "private_key_encrypted"),
    (InstallationSecret, "secret_encrypted"),
    (OAuthClient, "symmetric_secret_encrypted"),
)
"""A column may hold several texts with a space between them."""

_log = structlog.get_logger("gatehouse.keys")


def reencrypt() -> int:
    """Encrypt anew what an older secret key encrypted. Returns how many rows changed.

    A row that somebody changes meanwhile is left to the next time. One that no key opens stays as
    it is, in case that its key comes back.
    """
    return sum(_reencrypt_column(model, column) for model, column in COLUMNS)


def _reencrypt_column(model: type[Model], column: str) -> int:
    changed = 0
    rows = model._default_manager.exclude(**{column: ""})
    for pk, text in rows.values_list("pk", column):
        try:
            renewed = " ".join(map(at_rest.renewed, text.split()))
        except at_rest.CannotDecrypt:
            _log.error("cannot_decrypt", table=model._meta.db_table, row=pk)
            continue
        if renewed != text:
            unchanged = rows.filter(pk=pk, **{column: text})
            changed += unchanged.update(**{column: renewed})
    return changed


def unreadable_rows() -> list[str]:
    """Return what no secret key opens, each as the name of its row."""
    closed = []
    for model, column in COLUMNS:
        for row in model._default_manager.exclude(**{column: ""}):
            try:
                for part in getattr(row, column).split():
                    at_rest.decrypt(part)
            except at_rest.CannotDecrypt:
                closed.append(str(row))
    return closed
