"""What was asked, and what was answered: the material that the checker judges.

Names stand for secrets: a history holds digests of codes, tokens and cookies, never themselves.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What a request wants. `subject` of its operation: what it presents."""

    SIGN_IN = "sign-in"
    """Subject: the browser session that it opens."""
    AUTHORIZE = "authorize"
    """Silently. Subject: a browser session; result: a code."""
    REDEEM = "redeem"
    """Subject: a code, which also names its grant; result: the first refresh token."""
    REFRESH = "refresh"
    """Subject: a refresh token; result: its successor."""
    READ = "read"
    """Userinfo or introspection. Subject: an access token."""
    REVOKE = "revoke"
    """Ends a grant. Subject: a refresh token."""
    REVOKE_TOKEN = "revoke one token"
    """Subject: an access token."""
    SIGN_OUT = "sign-out"
    """Subject: a browser session."""
    ASSERT = "assert"
    """A client proves itself with a signed assertion. Subject: its `jti`."""


class Outcome(Enum):
    """What an answer says."""

    DONE = "done"
    REFUSED = "refused"
    """Definitely not: invalid, used, revoked, signed out."""
    UNKNOWN = "unknown"
    """503 with Retry-After, or no answer at all: it may have happened or not."""
    WRONG = "wrong"
    """An answer that nobody may give: a 500, or a 503 that does not say when to come back."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One request with its answer. Times are seconds of one monotonic clock."""

    kind: Kind
    subject: str
    started: float
    ended: float
    outcome: Outcome
    status: int = 0
    """0: the connection broke."""
    result: str = ""
    grant: str = ""
    session: str = ""
    offline: bool = False
    """The grant outlives its session."""
    actor: str = ""
    note: str = ""


class History:
    """Operations of many threads."""

    def __init__(self, operations: Iterable[Operation] = ()) -> None:
        self._operations = list(operations)
        self._lock = threading.Lock()

    def add(self, operation: Operation) -> None:
        with self._lock:
            self._operations.append(operation)

    def follow(self) -> Callable[[], list[Operation]]:
        """Return a function that returns what was added since its last call, at first since now.

        For whoever waits: each operation is looked at once, however long the history is.
        """
        with self._lock:
            seen = len(self._operations)

        def added() -> list[Operation]:
            nonlocal seen
            with self._lock:
                new = self._operations[seen:]
            seen += len(new)
            return new

        return added

    def operations(self) -> list[Operation]:
        """Return all operations so far, in the order of their start."""
        with self._lock:
            return sorted(self._operations, key=lambda operation: operation.started)


def name_of(secret: str) -> str:
    """Return the name of a code, token or cookie in a history."""
    return hashlib.sha256(secret.encode()).hexdigest()[:12] if secret else ""
