"""What is told of each request: for the log, the metrics, and an admin's question why."""

from __future__ import annotations

from typing import NamedTuple


class Event(NamedTuple):
    """How one request ended, and when (epoch seconds).

    `error` is an OAuth error code, `detail` the reason for admins.
    """

    reference: str
    endpoint: str
    method: str
    status: int
    duration_ms: float
    at: float
    client_id: str = ""
    user_id: str = ""
    error: str = ""
    detail: str = ""
