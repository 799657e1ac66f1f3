"""Asking nodes which of them hold which slots."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable

from oidc.stores.redis.connection import ConnectionBroken, NodeConnection, ReplyError
from oidc.stores.redis.packets import packed
from oidc.stores.redis.slots import SLOTS, Place, Range, covered, places_in, read_slots

TROUBLE_SECONDS = 5.0
"""So long a node that did not answer is asked last. No longer, or those that hiccuped once would
never be asked again, and one that is cut off and knows only what was might be the only one left."""
_CLUSTER_SLOTS = packed("CLUSTER", "SLOTS")
_FRESH_SECONDS = 5.0
"""A connection that rested for longer may have been forgotten on the way."""


class Survey:
    """Asks on connections of its own, one node at a time.

    `last_error`: why the last survey found nothing, or what went wrong on the way.
    """

    def __init__(
        self, seeds: Iterable[tuple[str, int]], connect: Callable[[Place], NodeConnection]
    ) -> None:
        self._seeds = [Place(*seed) for seed in seeds]
        self._connect = connect
        self._connections: dict[Place, NodeConnection] = {}
        self._unheard: dict[Place, float] = {}
        self._asked_at = 0.0
        self.last_error = ""

    def ask(
        self, known: frozenset[Place], is_in_trouble: Callable[[Place], bool]
    ) -> tuple[Range, ...]:
        """Return what a node says that knows all slots, or as many as any node does.

        Known nodes are asked, those in trouble last; if all of them are gone, whoever the seeds
        stand for now.
        """
        self._prepare()
        # Shuffled: one that is cut off knows only what was.
        places = random.sample(sorted(known), len(known))
        places.sort(key=lambda place: place in self._unheard or is_in_trouble(place))
        best: tuple[Range, ...] = ()
        for place in [*places, *self._seeds]:
            best = max(best, self._ask_one(place), key=covered)
            if covered(best) == SLOTS:
                break
        for place in self._connections.keys() - places_in(best):
            self._connections.pop(place).close()
        if not best:
            self.last_error = self.last_error or "no node holds any slots"
        return best

    def _prepare(self) -> None:
        now = time.monotonic()
        if now - self._asked_at > _FRESH_SECONDS:
            self.close()
        self._asked_at, self.last_error = now, ""
        for place, since in list(self._unheard.items()):
            if now - since > TROUBLE_SECONDS:
                del self._unheard[place]

    def _ask_one(self, place: Place) -> tuple[Range, ...]:
        if place not in self._connections:
            self._connections[place] = self._connect(place)
        try:
            [reply] = self._connections[place].exchange(_CLUSTER_SLOTS, 1)
        except ConnectionBroken as error:
            self.last_error = f"{place.name}: {error}"
            self._unheard[place] = time.monotonic()
            return ()
        self._unheard.pop(place, None)
        if type(reply) is ReplyError:
            self.last_error = f"{place.name}: {reply}"
            return ()
        return read_slots(reply, place)

    def close(self) -> None:
        for connection in list(self._connections.values()):
            connection.close()
