"""Commands as they go over the wire, beside the scripts themselves."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import hiredis

_WAIT_MILLISECONDS = 300
"""How long a master asks its replicas: shorter than the silence that breaks a connection."""


def packed(*parts: Any) -> bytes:
    """Return a command in Redis's protocol."""
    command: bytes = hiredis.pack_command(parts)  # its type knows one argument only
    return command


ASKING = packed("ASKING")


@lru_cache(maxsize=16)
def wait_for(replicas: int) -> bytes:
    """Return the `WAIT` that makes the write before it durable."""
    return packed("WAIT", replicas, _WAIT_MILLISECONDS)
