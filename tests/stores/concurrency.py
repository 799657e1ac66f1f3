"""Many callers at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from oidc.errors import StoreError


def all_at_once(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """Make all calls at the same moment. Returns their answers; a `StoreError` is an answer too."""
    start = threading.Barrier(len(calls))

    def answer(call: Callable[[], Any]) -> Any:
        start.wait()
        try:
            return call()
        except StoreError as error:
            return error

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(answer, calls))
