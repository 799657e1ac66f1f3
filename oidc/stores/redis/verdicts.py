"""What an error reply means for the call that got it."""

from __future__ import annotations

from oidc.stores.redis.connection import ReplyError
from oidc.stores.redis.unavailable import Reason, unavailable

_MOVING_CODES = frozenset({"ASK", "TRYAGAIN"})
_PASSING_CODES = _MOVING_CODES | {
    "MOVED", "CLUSTERDOWN", "MASTERDOWN", "LOADING", "READONLY", "NOREPLICAS", "BUSY",
}  # fmt: skip
"""Errors that end by themselves, and that a node answers before it has changed anything."""

_PASSING_TEXTS = ("non local key", "cluster is down")
"""The same, met by a command inside a script."""

_REFUSING_CODES = frozenset({"OOM", "MISCONF"})
"""Errors of a node that takes no writes and needs an operator."""


class NotNow(Exception):
    """This attempt failed in a way that another one may not."""

    def __init__(self, reason: str, *, refresh: bool = False) -> None:
        super().__init__(reason)
        self.refresh = refresh


def judge(error: ReplyError) -> None:
    """Turn an error reply into another attempt, unavailability or a defect.

    Raises:
        NotNow: it passes.
        StoreUnavailable: the node takes no writes.
        ReplyError: anything else; the script or the set-up is wrong.
    """
    if error.code in _PASSING_CODES:
        raise NotNow(error.code, refresh=error.code not in _MOVING_CODES) from error
    if any(text in error.message for text in _PASSING_TEXTS):
        raise NotNow(error.message) from error
    if error.code in _REFUSING_CODES:
        text = f"a node takes no writes: {error.code}"
        raise unavailable(Reason.NO_WRITES, text) from error
    raise error
