"""Keeps failed requests in SQL: bounded in rate and in rows, so that no attack fills the database.

The rate alone is no bound on rows, and the worker comes by once an hour only, if there is one. So
each process that writes rows also deletes as many of the oldest ones, once there are too many.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import structlog
from django.db import DatabaseError
from django.db.models import Max
from django.utils import timezone

from oidc.errors import StoreUnavailable
from oidc.event import Event
from oidc.models import FailedRequest
from oidc.models.access import reading
from oidc.models.pages import MOST_AT_ONCE, delete_in_pages

MOST_PER_MINUTE = 1000
"""In each process. More would let an attack push out what others were told a reference id for."""
MOST_ROWS = 500_000
"""120 MB with its indexes (SQLite), 550 MB if every text is as long as it may be."""
ROWS_BETWEEN_LOOKS = 1000
"""A process looks for rows over the bound after writing so many, and then deletes up to twice as
many: so the table is over its bound by this for each process at most, and shrinks if it was large
before there was a bound."""
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


class _Looks:
    """Whether it is time to look for rows over the bound."""

    def __init__(self) -> None:
        self._written = 0

    def is_due(self, written: int) -> bool:
        self._written += written
        if self._written < ROWS_BETWEEN_LOOKS:
            return False
        self._written = 0
        return True


_budget = _Budget()
_looks = _Looks()


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
            if _looks.is_due(len(kept)):
                _forget_surplus(2 * ROWS_BETWEEN_LOOKS)
    except (StoreUnavailable, DatabaseError) as error:
        _log.warning("failures_not_kept", count=len(kept), reason=type(error).__name__)


def forget_old_failures() -> int:
    """Delete what is older than 30 days, or over the bound. Returns how many rows went."""
    too_old = FailedRequest.objects.filter(at__lt=timezone.now() - KEPT_FOR).order_by("at")
    return delete_in_pages(too_old) + _forget_surplus(MOST_AT_ONCE)


def _forget_surplus(most: int) -> int:
    """Delete all but the newest rows, the oldest first. Counting them would read the whole table.

    Ids are given out in order. Some are never used, so there may be fewer rows than the bound, and
    never more.
    """
    newest = FailedRequest.objects.aggregate(newest=Max("pk"))["newest"] or 0
    surplus = FailedRequest.objects.filter(pk__lte=newest - MOST_ROWS).order_by("pk")
    return delete_in_pages(surplus, most=most)


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
