"""A server beside us: started, watched, stopped for good."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from authserver.local.parent import end_with_parent_process

_POLL_SECONDS = 0.02


class Child:
    """One program with all processes that it starts in turn."""

    def __init__(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], directory: Path
    ) -> None:
        self.name = name
        self._command = command
        self._environment = environment
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the program; its output goes where ours goes."""
        self._process = subprocess.Popen(  # noqa: S603  our own commands
            self._command,
            cwd=self._directory,
            env=dict(self._environment),
            stdin=subprocess.DEVNULL,
            # Its own process group: Ctrl-C reaches us alone, and what it leaves behind is killed
            # with it.
            start_new_session=True,
            preexec_fn=end_with_parent_process,
        )

    def exit_status(self) -> int | None:
        """Return how it ended (negative: by which signal), or None while it runs."""
        if self._process is None:
            return None
        if self._process.returncode is None:
            # Not reaped here: as long as the dead process is there, its group id means its group.
            ended = os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if ended is None:
                return None
            return ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status
        return self._process.returncode

    def wait(self) -> int:
        """Wait for a program that ends by itself. Returns its exit status."""
        return 0 if self._process is None else self._process.wait()

    def ask_to_stop(self) -> None:
        """Send SIGTERM; returns at once."""
        if self._process is not None and self.exit_status() is None:
            self._process.terminate()

    def stop(self, deadline: float) -> None:
        """Wait until it has ended, or kill it at the deadline (`time.monotonic`)."""
        if self._process is None:
            return
        while self.exit_status() is None and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
        if self._process.returncode is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._process = None
