"""Deleting many rows in pages: each a short transaction, so that nobody waits for long."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

PAGE = 1_000
MOST_AT_ONCE = 500_000
"""What one round of housekeeping deletes. The next one goes on; logouts are delivered meanwhile."""


def delete_in_pages(rows: QuerySet[Any], *, most: int = MOST_AT_ONCE) -> int:
    """Delete rows in their order, at most so many. Returns how many went.

    Several processes may do this at once: who meets a page that another one is deleting waits for
    it, and goes on with the next.
    """
    deleted = looked_at = 0
    while looked_at < most:
        page = list(rows.values_list("pk", flat=True)[: min(PAGE, most - looked_at)])
        deleted += rows.model._default_manager.filter(pk__in=page).delete()[0]
        looked_at += len(page)
        if len(page) < PAGE:
            break
    return deleted
