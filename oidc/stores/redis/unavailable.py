"""Why a call is given up, counted by reason."""

from __future__ import annotations

from enum import StrEnum

from oidc.errors import StoreUnavailable
from oidc.metrics import STORE_UNAVAILABLE


class Reason(StrEnum):
    """What stands in the metric."""

    NO_ANSWER = "no_answer"
    TOO_MANY_WAITING = "too_many_waiting"
    NO_WRITES = "no_writes"
    OVERTAKEN = "overtaken"
    SLOW = "slow"


class NodeOverloaded(StoreUnavailable):
    """A node answers, but too slowly for all who ask: it is not away."""


def unavailable(reason: Reason, text: str) -> StoreUnavailable:
    """Return the error to raise."""
    STORE_UNAVAILABLE.labels(reason.value).inc()
    return NodeOverloaded(text) if reason is Reason.SLOW else StoreUnavailable(text)
