"""The server process: the command that starts it, and what that command says to the application."""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from oidc.waiting_room import THREADS

BLOCKING_THREADS = 1200
"""Of a worker. All but a few wait for the bodies of requests; twelve at a time do work."""
CONNECTIONS = 4096
"""Of a worker, idle ones included. More wait in the kernel's queue."""

_BACKLOG = 1024
_MOST_FILES = 65_536


def granian_command(host: str, port: int, workers: int, *more: str) -> list[str]:
    """Return the command of production, for a number of worker processes."""
    return [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--http", "1", "--no-ws"),
        *("--host", host, "--port", str(port), "--workers", str(workers)),
        *("--blocking-threads", str(BLOCKING_THREADS), "--backpressure", str(CONNECTIONS)),
        *more,
    ]


@dataclass(frozen=True)
class Server:
    """What the server of this process may do at once. `port` 0: it is not granian."""

    port: int
    threads: int
    connections: int

    @classmethod
    def of_this_process(
        cls, arguments: Sequence[str] = (), environment: Mapping[str, str] | None = None
    ) -> Server:
        """Read granian's options where granian does: from the command line and the environment.

        Nothing else tells an application how many threads it has. Of a server that is started in
        another way, the least is assumed.
        """
        arguments = list(arguments or sys.argv)
        if "granian" not in arguments[0]:
            return cls(port=0, threads=THREADS, connections=0)

        def option(name: str, default: int) -> int:
            variable = "GRANIAN_" + name.upper().replace("-", "_")
            value = (os.environ if environment is None else environment).get(variable, "")
            for position, text in enumerate(arguments):
                if text == f"--{name}":
                    value = arguments[position + 1]
                elif text.startswith(f"--{name}="):
                    value = text.partition("=")[2]
            return int(value) if value else default

        connections = option("backpressure", option("backlog", _BACKLOG) // option("workers", 1))
        threads = option("blocking-threads", max(1, connections // 2))
        # Each connection is a file, and where there may be fewer files, these are the bound.
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        if files != resource.RLIM_INFINITY:
            connections = min(connections, files)
        return cls(option("port", 8000), threads, connections)


def allow_many_connections() -> None:
    """Let this process have as many files as the system lets it have, for each connection is one.

    Many shells and service managers give 1,024 to begin with, which that many idle connections use
    up: then the server accepts no other.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, _MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
