"""One log line when a shard is away, one when it is back, and a gauge of how many are."""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog

from oidc.metrics import STORE_SHARDS_UNAVAILABLE

log = structlog.get_logger(__name__)

ANYWHERE = -1
"""The slot of a call that found no node at all: any answer ends its outage."""


class Outages:
    """What is away now, if anything is.

    A shard is known by a slot, because its nodes may change meanwhile. Other nodes answer while it
    is away, and so do reads where writes are not confirmed: none of that says that it is over.
    """

    def __init__(self, node_of_slot: Callable[[int], str]) -> None:
        self._node_of_slot = node_of_slot
        self._away: dict[int, bool] = {}
        """A slot of each shard that is away, and whether it is so for writes alone."""
        self._lock = threading.Lock()

    def note_failure(self, slot: int, reason: str, *, write: bool) -> None:
        """A call has failed for good."""
        with self._lock:
            if self._same_shard(slot):
                return
            self._away[slot] = write
            STORE_SHARDS_UNAVAILABLE.set(len(self._away))
        log.error("store_unavailable", node=self._node(slot), reason=reason)

    def note_answer(self, slot: int, *, write: bool) -> None:
        """A call was answered. Costs nothing while all is well."""
        if not self._away:
            return
        with self._lock:
            back = [
                away
                for away in {*self._same_shard(slot), ANYWHERE} & self._away.keys()
                if write or away == ANYWHERE or not self._away[away]
            ]
            for away in back:
                del self._away[away]
            STORE_SHARDS_UNAVAILABLE.set(len(self._away))
        for away in back:
            log.info("store_available", node=self._node(away))

    def _same_shard(self, slot: int) -> list[int]:
        node = self._node(slot)
        return [away for away in self._away if self._node(away) == node]

    def _node(self, slot: int) -> str:
        return "" if slot == ANYWHERE else self._node_of_slot(slot)
