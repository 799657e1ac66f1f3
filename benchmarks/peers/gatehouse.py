"""Gatehouse itself, as in production: one worker, WAIT, logs, metrics and rate limits on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from authserver.serving import granian_command
from benchmarks.harness.machine import ON_SERVER_CORE
from benchmarks.peers.base import (
    CLAIMS,
    REDIRECT_URI,
    SCOPE,
    Client,
    Endpoints,
    Peer,
    Prepared,
)
from benchmarks.peers.relying_party import sign_in
from oidc.waiting_room import THREADS
from tests.support.server import Installation, Program, install

PEOPLE = 32
ENDPOINTS = Endpoints(
    authorize="/oauth2/authorize",
    token="/oauth2/token",
    introspect="/oauth2/introspect",
    userinfo="/oauth2/userinfo",
    jwks="/.well-known/jwks.json",
)
# Signing people in at the log-in page would measure the hashing of passwords.
_SIGN_PEOPLE_IN = """
import json, secrets
from django.conf import settings
from django.test import Client
from accounts.people import create_person
from oidc.requests.consent import remember_consent
cookies = []
for _ in range({count}):
    name = "alice-" + secrets.token_hex(6)
    user, _ = create_person(name, name + "@example.com", claims={claims!r})
    for client_id in {client_ids!r}:
        remember_consent(str(user.pk), client_id, {scope!r}.split())
    browser = Client()
    browser.force_login(user)
    cookies.append(f"{{settings.SESSION_COOKIE_NAME}}="
                   + browser.cookies[settings.SESSION_COOKIE_NAME].value)
print(json.dumps(cookies))
"""
_MAKE_TOKENS = """
import itertools, json
from oidc.clients.repository import find_client
from oidc.stores.redis import grants
from oidc.tokens.access_token import issue_user_access_token, read_access_token
from oidc.tokens.handles import masked
client = find_client({client_id!r})
read = [read_access_token(token) for token in {tokens!r}]
whose = [(token.handle, grants.find(token.handle, token.jti)) for token in read]
with open({path!r}, "w") as file:
    for handle, grant in itertools.islice(itertools.cycle(whose), {count}):
        token, _ = issue_user_access_token(client, grant, masked(handle), grant.scope)
        file.write(token + chr(10))
print(json.dumps(len(read)))
"""


class Gatehouse(Peer):
    name, title = "gatehouse", "Gatehouse"
    workers, threads = 1, THREADS
    on_cores = ON_SERVER_CORE
    application = "authserver.wsgi:application"

    def install(self) -> None:
        metrics = self.directory / "metrics"
        metrics.mkdir(exist_ok=True)
        self.installation: Installation = install(
            self.directory,
            self.url,
            self.cluster.url,
            GATEHOUSE_RATE_LIMITS="on",
            PROMETHEUS_MULTIPROC_DIR=str(metrics),
        )
        self.installation.manage("migrate", "--verbosity", "0")

    def start(self) -> None:
        self.program = self.server()
        self.program.start()

    def server(self) -> Program:
        """Return the program, not started yet."""
        served = granian_command("127.0.0.1", self.port, self.workers, self.application)
        command = [*self.on_cores, *served]
        ready = f"{self.url}/health/ready"
        environment = self.installation.environment
        return Program("server", command, environment, ready, self.directory)

    def prepare(self) -> Prepared:
        machine = self._client("machine", "--scope", "api")
        apps = {
            algorithm: self._client(
                "web",
                *("--redirect-uri", REDIRECT_URI, "--scope", SCOPE),
                *("--set", f'id_token_signed_response_alg="{algorithm}"'),
            )
            for algorithm in ("RS256", "ES256")
        }
        return Prepared(ENDPOINTS, machine, apps, self.sign_people_in(PEOPLE, apps))

    def sign_people_in(self, count: int, apps: dict[str, Client]) -> list[str]:
        """Return a cookie each of people who have a session and allowed these apps before."""
        client_ids = [client.client_id for client in apps.values()]
        cookies: list[str] = self.installation.run(
            _SIGN_PEOPLE_IN.format(count=count, claims=CLAIMS, client_ids=client_ids, scope=SCOPE)
        )
        return cookies

    def _client(self, profile: str, *options: str) -> Client:
        created = self.installation.create_client(profile, *options)
        return Client(created["client_id"], created["client_secret"])

    def fresh_access_tokens(self, prepared: Prepared, count: int) -> Path:
        path, client = self.directory / "fresh.tokens", prepared.apps["RS256"]
        tokens = [
            sign_in(self, prepared, client, cookie)["access_token"] for cookie in prepared.cookies
        ]
        self.installation.run(
            _MAKE_TOKENS.format(
                client_id=client.client_id, tokens=tokens, path=str(path), count=count
            )
        )
        return path

    def redis_nodes(self) -> list[Any]:
        return [
            node.client()
            for node in self.cluster.nodes()
            if node.client().info("replication")["role"] == "master"
        ]
