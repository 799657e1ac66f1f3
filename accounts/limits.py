"""Bounds on what may be tried and mailed, counted in the cluster for all processes together.

A window begins with the first event and has a fixed length, so twice the bound may come around its
end. Counting is one atomic command: callers in parallel cannot pass a bound together.
"""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache

_ATTEMPTS = 3
"""Two windows do not end within one call."""


@dataclass(frozen=True, slots=True)
class Limit:
    """How many events of a kind may happen within a window, for one key each."""

    name: str
    most: int
    seconds: int

    def take(self, *key: str) -> bool:
        """Count one event if it is within the bound, and tell whether it is.

        What is refused is not counted: many at the same moment shall not close it for longer.
        """
        if not are_on() or self._count(self._cache_key(key)) <= self.most:
            return True
        self.give_back(*key)
        return False

    def give_back(self, *key: str) -> None:
        """Take back an event that was counted before it was known to be none."""
        if are_on():
            with contextlib.suppress(ValueError):  # its window has ended
                cache.decr(self._cache_key(key))

    def _cache_key(self, key: tuple[str, ...]) -> str:
        """Return a name that tells nobody whom it is about."""
        return f"limit:{self.name}:{hashlib.sha256(repr(key).encode()).hexdigest()}"

    def _count(self, cache_key: str) -> int:
        for _ in range(_ATTEMPTS):
            if cache.add(cache_key, 1, self.seconds):
                return 1
            try:
                return int(cache.incr(cache_key))
            except ValueError:
                continue  # the window has ended between the two commands
        return self.most + 1


def are_on() -> bool:
    """Tell whether there are limits here at all; load tests switch them off."""
    return getattr(settings, "ACCOUNT_RATE_LIMITS", {}) is not False


_DAY = 24 * 3600

RESET_MAILS = Limit("reset-mails", most=10, seconds=_DAY)
"""Mails with a reset link to one person. The links of earlier mails still work."""

CONFIRMATION_MAILS = Limit("confirmation-mails", most=10, seconds=_DAY)
"""Mails with a confirmation link to one address, whoever asks: its owner may be a stranger."""

ADDRESS_CHANGES = Limit("address-changes", most=10, seconds=_DAY)
"""Changes of the address that one person asks for: each writes to an address of their choice."""
