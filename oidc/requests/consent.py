"""Stored consent: what a person allowed a client before. One SQL query to read it."""

from __future__ import annotations

from django.db import transaction

from oidc.models import Consent
from oidc.models.access import reading


def find_consented_scope(user_id: str, client_id: str) -> frozenset[str] | None:
    """Return every scope that the person allowed this client so far, None if they never did."""
    with reading():
        row = Consent.objects.filter(user_id=user_id, client_id=client_id)
        scope = row.values_list("scope", flat=True).first()
    return None if scope is None else frozenset(scope)


def remember_consent(user_id: str, client_id: str, scope: tuple[str, ...]) -> None:
    """Add scopes to what the person allowed. Two tabs at once lose nothing."""
    with transaction.atomic():
        Consent.objects.get_or_create(user_id=user_id, client_id=client_id)
        consent = Consent.objects.select_for_update().get(user_id=user_id, client_id=client_id)
        consent.scope = sorted({*consent.scope, *scope})
        consent.save()
