"""The limit: a bare callable that does of each path only what cannot be saved (`limit_app`)."""

from __future__ import annotations

import itertools
import json
import secrets
import sys
from pathlib import Path
from typing import Any

from redis.cluster import key_slot  # type: ignore[attr-defined]

from benchmarks.harness.machine import ON_SERVER_CORE
from benchmarks.peers.base import Client, Endpoints, Peer, Prepared
from benchmarks.peers.relying_party import ask
from oidc.waiting_room import THREADS
from tests.support.server import Program, install

ENDPOINTS = Endpoints(
    authorize="/authorize",
    token="/token",
    introspect="/introspect",
    userinfo="/userinfo",
    jwks="/jwks",
)


class Limit(Peer):
    name, title = "limit", "limit (bare WSGI)"

    def install(self) -> None:
        self._secret = secrets.token_hex(32)

    def start(self) -> None:
        master, tag = self._a_master()
        environment = install(self.directory, self.url, self.cluster.url).environment | {
            "LIMIT_REDIS_PORT": str(master.port),
            "LIMIT_TAG": tag,
            "LIMIT_DIRECTORY": str(self.directory),
            "LIMIT_ISSUER": self.url,
        }
        command = [*ON_SERVER_CORE, sys.executable, "-m", "granian", "--interface", "wsgi"]
        command += ["--port", str(self.port), "--workers", "1", "--blocking-threads", str(THREADS)]
        command += ["--no-ws", "benchmarks.peers.limit_app:application"]
        jwks = f"{self.url}{ENDPOINTS.jwks}"
        self.program = Program("server", command, environment, jwks, self.directory)
        self.program.start()

    def _a_master(self) -> tuple[Any, str]:
        """Return a master, and a hash tag that belongs to it."""
        masters = [
            node
            for node in self.cluster.nodes()
            if node.client().info("replication")["role"] == "master"
        ]
        node = masters[0]
        mine = next(one for one in node.cluster("NODES").values() if "myself" in one["flags"])
        low, high = map(int, mine["slots"][0])
        tags = (f"t{number}" for number in itertools.count())
        tag = next(tag for tag in tags if low <= key_slot(tag.encode()) <= high)
        return node, tag

    def prepare(self) -> Prepared:
        apps = {name: Client(name, self._secret) for name in ("RS256", "ES256")}
        cookies = [f"session={number}" for number in range(32)]
        return Prepared(ENDPOINTS, Client("machine", self._secret), apps, cookies)

    def fresh_access_tokens(self, prepared: Prepared, count: int) -> Path:
        """Ask the application itself: its key is in its process alone."""
        status, _, body = ask(self, "POST", f"/fresh?{count}", "")
        assert status == 200, body
        return Path(json.loads(body)["path"])

    def redis_nodes(self) -> list[Any]:
        return [
            node.client()
            for node in self.cluster.nodes()
            if node.client().info("replication")["role"] == "master"
        ]
