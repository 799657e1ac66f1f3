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


def unavailable(reason: Reason, text: str) -> StoreUnavailable:
    """Return the error to raise."""
    STORE_UNAVAILABLE.labels(reason.value).inc()
    return StoreUnavailable(text)
