"""Limits that a process counts for itself start from zero in each minute."""

from __future__ import annotations

import time

WINDOW_SECONDS = 60


def window_number() -> int:
    """Return which minute it is."""
    return int(time.time()) // WINDOW_SECONDS


def retry_after() -> tuple[str, str]:
    """Return the header that says when the next minute begins (RFC 9110 section 10.2.3)."""
    return ("Retry-After", str(WINDOW_SECONDS - int(time.time()) % WINDOW_SECONDS))
