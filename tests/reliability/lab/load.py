"""Actors on running servers, and what they saw."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.reliability.lab.actor import VERIFY_SECONDS, Actor
from tests.reliability.lab.history import Operation, Outcome
from tests.reliability.lab.waiting import await_that
from tests.reliability.lab.world import World


class Load:
    """A load that runs until its block ends."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._stopping, self._settled = threading.Event(), threading.Event()
        self.actors = [
            Actor(world, person, f"actor-{number}", self._stopping, self._settled)
            for number, person in enumerate(world.people, 1)
        ]

    def operations(self) -> list[Operation]:
        return self.world.history.operations()

    def await_each(self, done: int = 1) -> None:
        """Wait until every actor has had `done` more answers, to requests that begin now or later.

        Raises:
            TimeoutError: some actor goes without.
        """
        added, now = self.world.history.follow(), time.monotonic()
        done_by = dict.fromkeys((actor.name for actor in self.actors), 0)

        def each_is_served() -> bool:
            self._raise_failures()
            for operation in added():
                if operation.outcome is Outcome.DONE and operation.started >= now:
                    done_by[operation.actor] += 1
            return min(done_by.values()) >= done

        await_that(each_is_served, "an actor goes without service")

    def await_any(self, described: Callable[[Operation], bool], problem: str) -> None:
        """Wait for an operation that ends from now on.

        Raises:
            TimeoutError: there is none as described.
        """
        added = self.world.history.follow()
        await_that(lambda: any(described(operation) for operation in added()), problem)

    def finish(self, settle: Callable[[], None]) -> None:
        """Stop the work; once `settle` says that all is whole, let everybody ask what must hold."""
        self._stopping.set()
        try:
            settle()
        finally:
            self._settled.set()
            for actor in self.actors:
                actor.join(4 * VERIFY_SECONDS)
        self._raise_failures()

    def abandon(self) -> None:
        """Let everybody go home, without a word about what must hold."""
        for actor in self.actors:
            actor.abandon()
        self._stopping.set()
        self._settled.set()
        for actor in self.actors:
            actor.join(VERIFY_SECONDS)

    def _raise_failures(self) -> None:
        for actor in self.actors:
            if actor.failure is not None:
                raise actor.failure


@contextmanager
def loaded(world: World) -> Iterator[Load]:
    """Run a load while the block runs; the block itself has to finish it."""
    load = Load(world)
    for actor in load.actors:
        actor.start()
    try:
        yield load
    finally:
        load.abandon()
