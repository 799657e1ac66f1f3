"""What a script answers: `ok` and the rest, or the name of a store error."""

from __future__ import annotations

from typing import Any

from oidc.errors import AlreadyUsed, Mismatch, NotFound, SessionEnded, StoreError
from oidc.stores.redis.unavailable import Reason, unavailable

_ERRORS: dict[str, type[StoreError]] = {
    "not_found": NotFound,
    "already_used": AlreadyUsed,
    "session_ended": SessionEnded,
}

_DENIALS = ("not_found", "session_ended")


def denies(reply: Any) -> bool:
    """Tell whether a reply says that something is not there, or not any more."""
    return type(reply) is list and bool(reply) and reply[0] in _DENIALS


def unwrap(reply: list[Any]) -> list[Any]:
    """Return what follows `ok`.

    Raises:
        NotFound, AlreadyUsed, SessionEnded, Mismatch: as the script says.
        StoreUnavailable: `late`: sent before the record changed, see `lateness`.
    """
    status = reply[0]
    if status == "ok":
        return reply[1:]
    if status == "late":
        raise unavailable(Reason.OVERTAKEN, "held up on the way, and overtaken")
    if status == "mismatch":
        raise Mismatch(reply[1])
    raise _ERRORS[status]()
