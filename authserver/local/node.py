"""One node of the local cluster: a server process that belongs to one folder.

Ownership. A node is ours if the process named in the folder's pid file works in that folder.
Nothing else is ever signalled: a pid that the system gave to another program, or a foreign Redis
that listens on our port, does not work there.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from redis import Redis  # This module administers nodes; the server itself never imports it.
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from authserver.local.parent import end_with_parent_process
from authserver.local.ports import BUS_OFFSET, HOST

START_SECONDS = 10.0
STOP_SECONDS = 5.0
_REPEAT_SECONDS = 0.25
_POLL_SECONDS = 0.02


class NodeFailed(Exception):
    """A node did not start. The text ends with the last line of its log."""


@dataclass
class Node:
    """A server process, its folder, and where it listens."""

    directory: Path
    port: int
    host: str = HOST
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    _client: Redis | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        return self.directory.name

    @property
    def log_path(self) -> Path:
        return self.directory / "server.log"

    def client(self) -> Redis:
        """Return a connection to this node alone, for administration."""
        if self._client is None or self._client.get_connection_kwargs()["port"] != self.port:
            self._client = Redis(
                host=self.host,
                port=self.port,
                protocol=2,
                socket_timeout=5,
                decode_responses=True,
                retry=Retry(NoBackoff(), 0),  # a node that is down is an answer here
            )
        return self._client

    def cluster(self, command: str, *arguments: str | int) -> Any:
        """Run a `CLUSTER` command on this node. Returns the answer as redis-py reads it."""
        client: Any = self.client()  # its type misses annotations
        return client.execute_command(f"CLUSTER {command}", *arguments)

    def pid(self) -> int | None:
        """Return the process id of this node if it runs and is ours."""
        if self._process is not None:
            self._process.poll()  # collects a dead child, which would look alive otherwise
        try:
            pid = int((self.directory / "server.pid").read_text())
            working_directory = Path(f"/proc/{pid}/cwd").readlink()
        except (OSError, ValueError):
            return None
        return pid if working_directory == self.directory.resolve() else None

    def start(
        self,
        binary: Path,
        settings: dict[str, str],
        *,
        end_with_parent: bool = False,
        inside: Sequence[str] = (),
    ) -> None:
        """Start the process; returns at once, see `wait_until_ready`.

        `inside`: a command that becomes the one that follows it, in some environment.
        """
        self.directory.mkdir(parents=True, exist_ok=True)
        configuration = self.directory / "server.conf"
        configuration.write_text(self._configuration(settings))
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603  our own choice of binary
                [*inside, binary, configuration],
                cwd=self.directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Its own session: Ctrl-C in the terminal reaches us, and we stop it in order.
                start_new_session=True,
                preexec_fn=end_with_parent_process if end_with_parent else None,
            )

    def _configuration(self, settings: dict[str, str]) -> str:
        own = {
            "port": str(self.port),
            "cluster-port": str(self.port + BUS_OFFSET),
            "bind": self.host,
            "protected-mode": "yes",
            "dir": f'"{self.directory.resolve()}"',
            "pidfile": f'"{self.directory.resolve() / "server.pid"}"',
        }
        return "".join(f"{name} {value}\n" for name, value in (own | settings).items())

    def wait_until_ready(self) -> None:
        """Wait until the node has loaded its data and answers.

        Raises:
            NodeFailed: it ended, or does not answer in time.
        """
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process is not None and self._process.poll() is not None:
                raise NodeFailed(f"{self.name} (port {self.port}) ended: {self._last_log_line()}")
            if self.answers():
                return
            time.sleep(_POLL_SECONDS)
        raise NodeFailed(f"{self.name} (port {self.port}) is silent: {self._last_log_line()}")

    def answers(self) -> bool:
        """Tell whether our own process, and no other, answers on the port, with all its data."""
        try:
            about = self.client().info("server", "persistence")
            return int(about["process_id"]) == self.pid() and not int(about["loading"])
        except RedisError:
            return False

    def stop(self) -> None:
        """Ask the process to end; returns at once, see `wait_until_stopped`."""
        self.send_signal(signal.SIGCONT)  # one that a test has frozen could not obey
        self.send_signal(signal.SIGTERM)

    def wait_until_stopped(self) -> None:
        """Wait for the end of a process that was asked; kill it if it does not obey."""
        deadline = time.monotonic() + STOP_SECONDS
        while not self._ends_within(_REPEAT_SECONDS):
            # A server that writes its first append-only file refuses to end, and forgets it.
            self.send_signal(signal.SIGTERM if time.monotonic() < deadline else signal.SIGKILL)
        if self._client is not None:
            self._client.close()

    def kill(self) -> None:
        """End the process as a crash would, and wait until it is gone."""
        self.send_signal(signal.SIGKILL)
        self._ends_within(STOP_SECONDS)

    def send_signal(self, number: signal.Signals) -> None:
        """Signal the process, if it runs and is ours."""
        pid = self.pid()
        if pid is not None:
            os.kill(pid, number)

    def _ends_within(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self.pid() is not None:
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL_SECONDS)
        return True

    def _last_log_line(self) -> str:
        try:
            lines = self.log_path.read_text(errors="replace").strip().splitlines()
        except OSError:
            lines = []
        return lines[-1] if lines else "it left no log"


def node_settings(*, appendonly: bool, node_timeout_ms: int) -> dict[str, str]:
    """Return the server's settings that all nodes of a cluster share."""
    return {
        "cluster-enabled": "yes",
        "cluster-config-file": "nodes.conf",
        "cluster-node-timeout": str(node_timeout_ms),
        "cluster-announce-ip": HOST,
        # As in production: one lost slot does not stop the others, a node that is cut off does
        # not answer, a replica that is far behind does not take over.
        "cluster-require-full-coverage": "no",
        "cluster-allow-reads-when-down": "no",
        "cluster-replica-validity-factor": "2",
        "cluster-allow-replica-migration": "no",
        "repl-diskless-sync-delay": "0",
        "repl-backlog-size": "16mb",
        "appendonly": "yes" if appendonly else "no",
        "save": '""',
        "maxmemory-policy": "noeviction",
        "shutdown-timeout": "1",
    }
