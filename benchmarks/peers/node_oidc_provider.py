"""node-oidc-provider, with a Redis of its own: one node, no replica, no confirmation to wait for.

That is less than Gatehouse promises, and faster: the comparison is not to its disadvantage.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from authserver.local.node import Node
from authserver.local.ports import free_base_port
from authserver.local.server_binary import find_server_binary
from benchmarks.harness.machine import ON_SERVER_CORE
from benchmarks.peers.base import (
    CLAIMS,
    REDIRECT_URI,
    TOKEN_SECONDS,
    Client,
    Endpoints,
    Grounds,
    Peer,
    Prepared,
)
from benchmarks.peers.installation import NODE_FOLDER, install_node_packages
from benchmarks.peers.relying_party import SignInFailed, ask, authorization_target
from tests.support.server import Program

PEOPLE = 32
MOST_STEPS = 8
SOURCES = Path(__file__).with_name("node")
API = "https://api.example"
ENDPOINTS = Endpoints(
    authorize="/auth",
    token="/token",
    introspect="/token/introspection",
    userinfo="/me",
    jwks="/jwks",
)


class NodeOidcProvider(Peer):
    name, title = "node-oidc-provider", "node-oidc-provider 9.13"

    def __init__(self, grounds: Grounds, port: int) -> None:
        super().__init__(grounds, port)
        self._redis = Node(self.directory / "redis", free_base_port(1))
        self._machine = _new_client("machine")
        self._apps = {name: _new_client(f"app-{name}") for name in ("RS256", "ES256")}

    def install(self) -> None:
        install_node_packages()
        for source in SOURCES.glob("*.mjs"):
            shutil.copy(source, NODE_FOLDER)

    def start(self) -> None:
        # The settings of the cluster's nodes, as far as they are not about being a cluster.
        self._redis.start(
            find_server_binary(),
            {"appendonly": "yes", "save": '""', "maxmemory-policy": "noeviction"},
            end_with_parent=True,
        )
        self._redis.wait_until_ready()
        environment = {
            "PATH": os.environ["PATH"],
            "NODE_ENV": "production",
            "PEER_REDIS_URL": f"redis://127.0.0.1:{self._redis.port}",
            "PEER_SETTINGS": json.dumps(self._settings()),
        }
        command = [*ON_SERVER_CORE, "node", str(NODE_FOLDER / "server.mjs")]
        jwks = f"{self.url}{ENDPOINTS.jwks}"
        self.program = Program("server", command, environment, jwks, self.directory)
        self.program.start()

    def _settings(self) -> dict[str, Any]:
        return {
            "port": self.port,
            "redirect_uri": REDIRECT_URI,
            "claims": CLAIMS,
            "token_seconds": TOKEN_SECONDS,
            "keys": _new_keys(),
            "machine": _registered(self._machine),
            "apps": [_registered(c) | {"algorithm": name} for name, c in self._apps.items()],
        }

    def prepare(self) -> Prepared:
        prepared = Prepared(
            ENDPOINTS,
            self._machine,
            self._apps,
            cookies=[],
            machine_parameters={"resource": API, "scope": "api"},
        )
        cookies = [self._sign_in(prepared, f"alice-{number}") for number in range(PEOPLE)]
        return Prepared(
            ENDPOINTS,
            self._machine,
            self._apps,
            cookies,
            machine_parameters=prepared.machine_parameters,
        )

    def _sign_in(self, prepared: Prepared, account: str) -> str:
        """Sign somebody in to both apps in one browser. Returns its cookies."""
        jar: dict[str, str] = {}
        for client in self._apps.values():
            target = authorization_target(prepared, client) + f"&login_hint={account}"
            self._follow(target, jar)
        return "; ".join(f"{k}={v}" for k, v in jar.items() if k.startswith("_session"))

    def _follow(self, target: str, jar: dict[str, str]) -> None:
        for _ in range(MOST_STEPS):
            cookie = "; ".join(f"{name}={value}" for name, value in jar.items())
            status, headers, body = ask(self, "GET", target, headers={"Cookie": cookie})
            for name, value in _cookies(headers.get("set-cookie", "")):
                jar[name] = value
            location = headers.get("location", "")
            if location.startswith(REDIRECT_URI) and "code=" in location:
                return
            if not location:
                raise SignInFailed(f"{self.name}: {status} {body[:300]!r}")
            target = urljoin(f"{self.url}{target}", location).removeprefix(self.url)
        raise SignInFailed(f"{self.name}: no way back to the client from {target}")

    def redis_nodes(self) -> list[Any]:
        return [self._redis.client()]

    def worker_pids(self) -> list[int]:
        return self.program.pids()[-1:]

    def stop(self) -> None:
        super().stop()
        self._redis.stop()
        self._redis.wait_until_stopped()


def _new_keys() -> list[dict[str, Any]]:
    """Return the private keys as JWKs: made beforehand, as Gatehouse's are."""
    keys = {
        "RS256": rsa.generate_private_key(public_exponent=65537, key_size=2048),
        "ES256": ec.generate_private_key(ec.SECP256R1()),
    }
    return [
        {**jwt.get_algorithm_by_name(alg).to_jwk(key, as_dict=True), "alg": alg, "kid": alg}
        for alg, key in keys.items()
    ]


def _new_client(name: str) -> Client:
    return Client(name, secrets.token_urlsafe(32))


def _registered(client: Client) -> dict[str, str]:
    return {"client_id": client.client_id, "client_secret": client.secret}


def _cookies(header: str) -> list[tuple[str, str]]:
    """Read names and values of cookies from lines, one cookie each."""
    pairs = [line.partition(";")[0].partition("=") for line in header.split("\n") if line]
    return [(name.strip(), value) for name, _, value in pairs]
