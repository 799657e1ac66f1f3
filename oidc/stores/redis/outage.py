"""One log line when a part of the cluster is away, and one when it is back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog

log = structlog.get_logger(__name__)

ANYWHERE = -1
"""The slot of a call that found no node at all: any answer ends its outage."""


class Outage:
    """What is away now, if anything is.

    Other nodes answer meanwhile, and so do reads where writes are not confirmed: none of that says
    that it is over.
    """

    def __init__(self, node_of_slot: Callable[[int], Any]) -> None:
        self._node_of_slot = node_of_slot
        self._slot: int | None = None
        self._of_writes = False

    def note_failure(self, slot: int, reason: str, *, write: bool) -> None:
        """A call has failed for good."""
        if self._slot is None:
            self._slot, self._of_writes = slot, write
            log.error("store_unavailable", reason=reason)

    def note_answer(self, slot: int, *, write: bool) -> None:
        """A call was answered. Costs nothing while all is well."""
        away = self._slot
        if away is None or (self._of_writes and not write):
            return
        if away == ANYWHERE or self._node_of_slot(slot) is self._node_of_slot(away):
            self._slot = None
            log.info("store_available")
