"""Random bytes of the operating system, fetched in portions: one system call for many tokens.

Each byte is handed out once. Portions belong to a thread, and a forked child drops its parent's.
"""

from __future__ import annotations

import os
import threading

PORTION_BYTES = 4096


class _Portion(threading.local):
    def __init__(self) -> None:
        self.owner = 0
        self.data = b""
        self.used = 0


_portion = _Portion()
_generation = 1


def random_bytes(count: int) -> bytes:
    """Return `count` (at most `PORTION_BYTES`) bytes, fit for secrets."""
    portion = _portion
    start = portion.used
    if portion.owner != _generation or start + count > len(portion.data):
        portion.owner, portion.data, start = _generation, os.urandom(PORTION_BYTES), 0
    portion.used = start + count
    return portion.data[start : portion.used]


def _drop_parents_portions() -> None:
    global _generation
    _generation += 1


os.register_at_fork(after_in_child=_drop_parents_portions)
