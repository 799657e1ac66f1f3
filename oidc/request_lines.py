"""What the log says of requests: a line for each, many of them in one record.

A record of its own for each line costs a third of what answering the request does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from oidc.compact_json import compact_json
from oidc.event import Event

_WHERE_KNOWN = ("client_id", "user_id", "error", "detail")


class RequestLines:
    """The message of a log record: some requests, which a formatter turns into lines."""

    def __init__(self, events: Iterable[Event], *, logger: str, level: str) -> None:
        self.members = [_members(event, logger, level) for event in events]

    def __str__(self) -> str:
        """JSON, a line each: for formatters that do not know better."""
        return self.rendered(lambda members: compact_json(members).decode())

    def rendered(self, render: Callable[[dict[str, Any]], str]) -> str:
        """Return all lines, each made by a function of its members."""
        return "\n".join(map(render, self.members))


def _members(event: Event, logger: str, level: str) -> dict[str, Any]:
    members: dict[str, Any] = {
        "reference": event.reference,
        "endpoint": event.endpoint,
        "method": event.method,
        "status": event.status,
        "duration_ms": event.duration_ms,
    }
    for name in _WHERE_KNOWN:
        if value := getattr(event, name):
            members[name] = value
    members["event"] = "request"
    members["logger"] = logger
    members["level"] = level
    members["timestamp"] = _timestamp(event.at)
    return members


def _timestamp(at: float) -> str:
    """Return a time in UTC as RFC 3339 has it. `strftime` would take four times as long."""
    utc = datetime.fromtimestamp(at, UTC)
    return utc.isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"
