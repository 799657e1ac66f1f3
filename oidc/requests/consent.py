"""Stored consent: what a person allowed a client before. One SQL query to read it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from django.db import transaction

from accounts.prepared_query import PreparedQuery
from oidc.clients.judgement import sends_elsewhere
from oidc.clients.record import Client
from oidc.clients.repository import cache
from oidc.models import Consent, OAuthClient
from oidc.models.access import reading
from oidc.tokens.claims import releasable_claims


@lru_cache(maxsize=1024)
def _values(text: str) -> frozenset[str]:
    """Parse a list of scopes or claims. They are sorted, so that there are few different ones."""
    return frozenset(json.loads(text))


_CONSENT = PreparedQuery(
    Consent,
    where=("user_id", "client_id"),
    columns=("scope", "claims"),
    read={"scope": _values, "claims": _values},
)


@dataclass(frozen=True, slots=True)
class Consented:
    """Everything that a person allowed a client so far."""

    scope: frozenset[str]
    claims: frozenset[str]

    def covers(self, scope: Iterable[str], claims: Iterable[str]) -> bool:
        """Tell whether nothing new is asked for. A scope brings its claims."""
        missing = frozenset(claims) - self.claims
        if not self.scope.issuperset(scope):
            return False
        return not missing or missing <= releasable_claims(self.scope)


def find_consent(user_id: str, client_id: str) -> Consented | None:
    """Return what the person allowed this client, None if they never did."""
    with reading():
        row = _CONSENT.find(user_id, client_id)
    return None if row is None else Consented(*row)


class ClientChanged(Exception):
    """The client is no longer the one that the person was shown."""


def remember_consent(
    user_id: str,
    client_id: str,
    scope: Iterable[str],
    claims: Iterable[str] = (),
    *,
    shown: Client | None = None,
) -> None:
    """Add to what the person allowed. Two tabs at once lose nothing.

    `shown`: the client as this process knew it. It may have got another name or destination a
    moment ago, elsewhere, and consent must not outlive what it was given to.

    Raises:
        ClientChanged: it has. Nothing was stored, and the client will be read anew.
    """
    with transaction.atomic():
        if shown is not None:
            _check_unchanged(shown)
        Consent.objects.get_or_create(user_id=user_id, client_id=client_id)
        consent = Consent.objects.select_for_update().get(user_id=user_id, client_id=client_id)
        consent.scope = sorted({*consent.scope, *scope})
        consent.claims = sorted({*consent.claims, *claims})
        consent.save()


def _check_unchanged(shown: Client) -> None:
    """Hold the client's row until the consent is stored: changes end consents under this lock."""
    rows = OAuthClient.objects.select_for_update().filter(client_id=shown.client_id)
    names = [
        (row.client_name, sends_elsewhere(shown.redirect_uris, row.redirect_uris))
        for row in rows.only("client_name", "redirect_uris")
    ]
    if names != [(shown.client_name, False)]:
        cache.forget(shown.client_id)
        raise ClientChanged
