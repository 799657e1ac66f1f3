"""Somebody with a browser and a few apps, who never stops, and remembers what was promised."""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from tests.reliability.lab.client import Client
from tests.reliability.lab.history import Operation, Outcome
from tests.reliability.lab.holdings import Code, Family, Session
from tests.reliability.lab.world import World
from tests.support.server import Person

MOST_FAMILIES = 4
REMEMBERED = 6
VERIFY_SECONDS = 90.0
_PAUSE_SECONDS = (0.002, 0.02)
_PAUSE_AFTER_NO_ANSWER_SECONDS = (0.1, 0.6)


class Actor(threading.Thread):
    """Works until `stopping`; then waits for `settled`, and asks for all that must still hold."""

    def __init__(
        self,
        world: World,
        person: Person,
        name: str,
        stopping: threading.Event,
        settled: threading.Event,
    ) -> None:
        super().__init__(name=name, daemon=True)
        self._client = Client(world, person, name)
        self._random = random.Random(name)
        self._stopping, self._settled = stopping, settled
        self._two_at_once = ThreadPoolExecutor(2)
        self._session: Session | None = None
        self._families: list[Family] = []
        self._ended: deque[Family] = deque(maxlen=REMEMBERED)
        self._signed_out: deque[Session] = deque(maxlen=REMEMBERED)
        self._used_codes: deque[Code] = deque(maxlen=REMEMBERED)
        self._used_assertions: deque[str] = deque(maxlen=REMEMBERED)
        self._abandoned = False
        self.failure: Exception | None = None

    def run(self) -> None:
        try:
            while not self._stopping.is_set():
                operation = self._step()
                unknown = operation.outcome is Outcome.UNKNOWN
                pause = _PAUSE_AFTER_NO_ANSWER_SECONDS if unknown else _PAUSE_SECONDS
                self._stopping.wait(self._random.uniform(*pause))
            self._settled.wait()
            for ask in self._what_must_hold():
                self._ask_until_answered(ask)
        except Exception as error:
            self.failure = error
        finally:
            self._two_at_once.shutdown()

    def abandon(self) -> None:
        """End soon, without another word about what must hold."""
        self._abandoned = True

    # --- Work -------------------------------------------------------------------------------

    def _step(self) -> Operation:
        if self._session is None:
            return self._sign_in()
        if not self._families:
            return self._open_family(self._session)
        [step] = self._random.choices(_CHOICES, _WEIGHTS)
        return step(self, self._session)

    def _sign_in(self) -> Operation:
        operation, session = self._client.sign_in()
        if operation.outcome is Outcome.DONE:
            self._session = session
        return operation

    def _open_family(self, session: Session) -> Operation:
        """Get a code and redeem it: now and then twice at once, or once more after no answer."""
        operation, code = self._client.authorize(
            session, offline=self._random.random() < 0.7 or not self._families
        )
        if operation.outcome is Outcome.REFUSED:
            self._session = None  # a fault has signed us out: said once, and on we go
        if operation.outcome is not Outcome.DONE:
            return operation
        self._used_codes.append(code)
        if self._random.random() < 0.15:
            operations = list(self._two_at_once.map(self._redeem_and_forget, [code, code]))
            return operations[0]
        operation, family = self._client.redeem(code)
        if operation.outcome is Outcome.UNKNOWN:
            self._client.redeem(code)  # one of both at most is done; either ends the family
        elif operation.outcome is Outcome.DONE:
            self._families.append(family)
            if len(self._families) > MOST_FAMILIES:
                self._families.pop(0)
        return operation

    def _redeem_and_forget(self, code: Code) -> Operation:
        return self._client.redeem(code)[0]

    def _refresh(self, session: Session) -> Operation:
        family = self._random.choice(self._families)
        return self._noticed(family, self._client.refresh(family))

    def _refresh_twice_at_once(self, session: Session) -> Operation:
        """As two tabs do. Both get the same successor."""
        family = self._random.choice(self._families)
        mine, other = family, replace(family)
        operations = list(self._two_at_once.map(self._client.refresh, [mine, other]))
        if operations[0].outcome is not Outcome.DONE and operations[1].outcome is Outcome.DONE:
            family.refresh_token, family.access_token = other.refresh_token, other.access_token
        return self._noticed(family, operations[0])

    def _noticed(self, family: Family, operation: Operation) -> Operation:
        """Drop a family that a fault has ended: that is said once, and on we go."""
        if operation.outcome is Outcome.REFUSED:
            self._families.remove(family)
        return operation

    def _read(self, session: Session) -> Operation:
        family = self._random.choice(self._families)
        operation = self._client.read(family, introspect=self._random.random() < 0.5)
        return self._noticed(family, operation)

    def _assert(self, session: Session) -> Operation:
        assertion = self._client.new_assertion()
        self._used_assertions.append(assertion)
        if self._random.random() < 0.5:
            return self._client.assert_once(assertion)
        return next(self._two_at_once.map(self._client.assert_once, [assertion] * 2))

    def _revoke(self, session: Session) -> Operation:
        family = self._take()
        operation = self._client.revoke(family)
        if operation.outcome is Outcome.DONE:
            self._ended.append(family)
        return operation

    def _revoke_token(self, session: Session) -> Operation:
        family = self._take()
        operation = self._client.revoke_token(family)
        if operation.outcome is Outcome.DONE:
            return self._client.read(family, introspect=self._random.random() < 0.5)
        return operation

    def _present_an_old_token(self, session: Session) -> Operation:
        """As a thief would: the family must be dead afterwards."""
        family = self._take()
        stolen = replace(family)
        for _ in range(2):
            operation = self._client.refresh(family)
            if operation.outcome is not Outcome.DONE:
                return operation
        operation = self._client.refresh(stolen)
        if operation.outcome is Outcome.REFUSED:
            self._ended.append(family)
        return operation

    def _sign_out(self, session: Session) -> Operation:
        operation = self._client.sign_out(session)
        while operation.outcome is Outcome.UNKNOWN and not self._stopping.wait(0.3):
            operation = self._client.sign_out(session)
        self._session = None
        ending = [family for family in self._families if not family.offline]
        self._families = [family for family in self._families if family.offline]
        if operation.outcome is Outcome.DONE:
            self._signed_out.append(session)
            self._ended.extend(ending)
        return operation

    def _take(self) -> Family:
        return self._families.pop(self._random.randrange(len(self._families)))

    # --- In the end -------------------------------------------------------------------------

    def _what_must_hold(self) -> Iterator[Callable[[], Operation]]:
        """Whether each answer is right is for the checker to say."""
        client = self._client
        if self._session is not None:
            session = self._session
            yield lambda: client.authorize(session, offline=True)[0]
        for session in self._signed_out:
            yield lambda session=session: client.authorize(session, offline=True)[0]
        for family in [*self._families, *self._ended]:
            yield lambda family=family: client.read(family, introspect=True)
            yield lambda family=family: client.refresh(family)
        for code in self._used_codes:
            yield lambda code=code: client.redeem(code)[0]
        for assertion in self._used_assertions:
            yield lambda assertion=assertion: client.assert_once(assertion)

    def _ask_until_answered(self, ask: Callable[[], Operation]) -> None:
        deadline = time.monotonic() + VERIFY_SECONDS
        while not self._abandoned and ask().outcome is Outcome.UNKNOWN:
            if time.monotonic() > deadline:
                raise NoAnswer("the cluster is whole, and the server does not answer")
            time.sleep(0.2)


class NoAnswer(AssertionError):
    """Service has not come back."""


_STEPS: tuple[tuple[Callable[[Actor, Session], Operation], float], ...] = (
    (Actor._refresh, 30),
    (Actor._refresh_twice_at_once, 12),
    (Actor._open_family, 25),
    (Actor._read, 15),
    (Actor._assert, 10),
    (Actor._revoke, 4),
    (Actor._revoke_token, 2),
    (Actor._present_an_old_token, 1.5),
    (Actor._sign_out, 1),
)
"""What an actor does, by weight."""
_CHOICES, _WEIGHTS = zip(*_STEPS, strict=True)
