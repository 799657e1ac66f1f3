"""Nodes that hang for a while, and waiting until they are back."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from authserver.local.node import Node
from oidc.errors import StoreUnavailable

SECONDS = 20.0


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.02)


@contextmanager
def frozen(*nodes: Node) -> Iterator[None]:
    for node in nodes:
        node.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for node in nodes:
            node.send_signal(signal.SIGCONT)
        for node in nodes:
            node.wait_until_ready()


def answers(call: Callable[[], object]) -> bool:
    """Tell whether a call is answered, instead of being asked to come back."""
    try:
        call()
    except StoreUnavailable:
        return False
    return True
