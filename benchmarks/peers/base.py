"""What a server must tell about itself to be measured."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from authserver.local.cluster import LocalCluster
from tests.support.server import Program

REDIRECT_URI = "https://client.example/cb"
SCOPE = "openid profile email"
TOKEN_SECONDS = 900
"""The lifetime of access tokens, the same everywhere."""
CLAIMS = {
    "name": "Alice Liddell",
    "given_name": "Alice",
    "family_name": "Liddell",
    "nickname": "alice",
    "zoneinfo": "Europe/London",
    "locale": "en-GB",
}


@dataclass(frozen=True)
class Client:
    """A registered client, authenticated with Basic."""

    client_id: str
    secret: str


@dataclass(frozen=True)
class Endpoints:
    """Paths. An empty one: the server has no such endpoint."""

    authorize: str
    token: str
    introspect: str
    userinfo: str
    jwks: str


@dataclass(frozen=True)
class Prepared:
    """What a load needs to know of a server that runs.

    `apps`: by the algorithm of their ID tokens. `cookies`: one for each person who is signed in.
    """

    endpoints: Endpoints
    machine: Client
    apps: dict[str, Client]
    cookies: Sequence[str]
    authorize_parameters: dict[str, str] = field(default_factory=dict)
    machine_parameters: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Grounds:
    """Where servers run: a folder of their own each, and one cluster."""

    directory: Path
    cluster: LocalCluster

    def folder(self, name: str) -> Path:
        path = self.directory / name
        path.mkdir(parents=True, exist_ok=True)
        return path


class Peer(ABC):
    """One server. `start` once, then `prepare` once; then it is asked."""

    name: str
    title: str
    is_slow = False
    """So slow that a few connections, sign-ins and repetitions must do."""

    def __init__(self, grounds: Grounds, port: int) -> None:
        self.directory = grounds.folder(self.name)
        self.cluster = grounds.cluster
        self.port = port
        self.host = f"localhost:{port}"
        self.url = f"http://{self.host}"
        self.program: Program

    @abstractmethod
    def install(self) -> None:
        """Make what must be there before it starts: a database, clients, keys."""

    @abstractmethod
    def start(self) -> None:
        """Start it on its core, and return when it answers."""

    @abstractmethod
    def prepare(self) -> Prepared:
        """Register clients where it must run for that, and sign people in."""

    def redis_nodes(self) -> list[Any]:
        """Return a connection to each Redis node that it writes to."""
        return []

    def fresh_access_tokens(self, prepared: Prepared, count: int) -> Path | None:
        """Write access tokens that nobody has presented yet, one a line.

        None: it has no faster way to make some than signing in.
        """
        return None

    def worker_pids(self) -> list[int]:
        """Return the processes that answer requests: those without children."""
        pids = self.program.pids()
        return pids[-1:]

    def stop(self) -> None:
        self.program.stop()
