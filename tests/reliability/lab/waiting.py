"""Waiting for what must happen, and not a moment longer."""

from __future__ import annotations

import time
from collections.abc import Callable

AWAIT_SECONDS = 120.0
"""So long that nothing but a defect takes longer, however busy the machine is."""
_POLL_SECONDS = 0.03


def await_that(condition: Callable[[], bool], problem: str, seconds: float = AWAIT_SECONDS) -> None:
    """Wait for something that must happen.

    Raises:
        TimeoutError: it did not, in time.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(problem)
        time.sleep(_POLL_SECONDS)
