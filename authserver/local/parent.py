"""Ties the life of a process to that of its parent, as Linux allows."""

from __future__ import annotations

import ctypes
import signal
import sys

_PR_SET_PDEATHSIG = 1
# Looked up here, and not between fork and exec, where little is safe to do.
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def end_with_parent_process() -> None:
    """Let the kernel end this process (SIGTERM) when the thread that started it ends.

    A supervisor that was killed cannot stop what it started. For `subprocess`'s `preexec_fn`, or
    for a process about itself.
    """
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
