"""Keeps failed requests in SQL: bounded in rate, so that an attack cannot fill the database."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import structlog
from django.db import DatabaseError
from django.utils import timezone

from oidc.errors import StoreUnavailable
from oidc.event import Event
from oidc.models import FailedRequest
from oidc.models.access import reading

MOST_PER_MINUTE = 1000
KEPT_FOR = timedelta(days=30)
EXPECTED_ERRORS = frozenset(
    {"login_required", "consent_required", "interaction_required", "account_selection_required"}
)
"""Ordinary answers to `prompt=none`: an app that asks every minute must not fill the table."""

_log = structlog.get_logger("gatehouse.failures")


class _Budget:
    """How many more failures may be kept in this minute."""

    def __init__(self) -> None:
        self._minute, self._left = 0, MOST_PER_MINUTE

    def take(self, wanted: int) -> int:
        minute = int(time.monotonic() // 60)
        if minute != self._minute:
            self._minute, self._left = minute, MOST_PER_MINUTE
        taken = min(wanted, self._left)
        self._left -= taken
        return taken


_budget = _Budget()


def keep_failures(failures: Sequence[Event]) -> None:
    """Write failures down. An unreachable database costs the rows, never the request."""
    notable = [failure for failure in failures if failure.error not in EXPECTED_ERRORS]
    kept = notable[: _budget.take(len(notable))]
    if len(kept) < len(notable):
        _log.warning("failures_not_kept", count=len(notable) - len(kept), reason="too many")
    if not kept:
        return
    try:
        with reading():
            FailedRequest.objects.bulk_create(_row(failure) for failure in kept)
    except (StoreUnavailable, DatabaseError) as error:
        _log.warning("failures_not_kept", count=len(kept), reason=type(error).__name__)


def forget_old_failures() -> int:
    """Delete what is older than 30 days. Returns how many rows went."""
    return FailedRequest.objects.filter(at__lt=timezone.now() - KEPT_FOR).delete()[0]


def _row(failure: Event) -> FailedRequest:
    return FailedRequest(
        reference=failure.reference,
        at=datetime.fromtimestamp(failure.at, UTC),
        endpoint=failure.endpoint,
        status=failure.status,
        error=failure.error[:60],
        detail=failure.detail[:500],
        client_id=failure.client_id[:255],
        user_id=failure.user_id[:64],
    )
