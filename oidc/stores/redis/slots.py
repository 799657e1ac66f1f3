"""What `CLUSTER SLOTS` answers: which nodes hold which slots."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

SLOTS = 16384


class Place(NamedTuple):
    """Where a node listens."""

    host: str
    port: int

    @property
    def name(self) -> str:
        return f"{self.host}:{self.port}"


class Range(NamedTuple):
    """From the first slot to the last. `replicas`: that the cluster has not given up."""

    first: int
    last: int
    master: Place
    replicas: tuple[Place, ...]


def read_slots(reply: list[list[Any]], asked: Place) -> tuple[Range, ...]:
    """Read the answer of the node that was `asked`, into an order that is always the same.

    A node that does not know how others reach it says no host: then it is the one asked.
    """
    return tuple(
        sorted(
            Range(first, last, _place(master, asked), tuple(sorted(_place(r, asked) for r in rest)))
            for first, last, master, *rest in reply
        )
    )


def places_in(ranges: Iterable[Range]) -> frozenset[Place]:
    """Return masters and replicas."""
    return frozenset(place for one in ranges for place in (one.master, *one.replicas))


def covered(ranges: Iterable[Range]) -> int:
    """Return how many slots somebody holds."""
    return sum(one.last + 1 - one.first for one in ranges)


def read_redirect(message: str, asked: Place) -> tuple[int, Place]:
    """Read what follows `MOVED` or `ASK`: `<slot> <host>:<port>`."""
    slot, _, address = message.partition(" ")
    host, _, port = address.rpartition(":")
    return int(slot), Place(host or asked.host, int(port))


def _place(node: list[Any], asked: Place) -> Place:
    return Place(node[0] or asked.host, node[1])
