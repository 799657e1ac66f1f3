"""django-oauth-toolkit and django-allauth's identity provider, as they are shipped.

Defaults throughout: client secrets under Django's password hasher, sessions and tokens in SQL.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from benchmarks.harness.machine import ON_SERVER_CORE
from benchmarks.peers.base import TOKEN_SECONDS, Client, Endpoints, Peer, Prepared
from benchmarks.peers.installation import DJANGO_PYTHON, install_django_packages
from tests.support.server import ROOT, Program, ProgramFailed

PEOPLE = 6
_SITE = "benchmarks.peers.django_site"


class DjangoPeer(Peer):
    """A Django site around a peer, under the server that Gatehouse runs under."""

    is_slow = True
    endpoints: Endpoints

    def install(self) -> None:
        install_django_packages()
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        (self.directory / "rsa.pem").write_bytes(pem)
        self._environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "DJANGO_SETTINGS_MODULE": f"{_SITE}.settings",
            "PEER": self.name,
            "PEER_SECRET_KEY": secrets.token_urlsafe(48),
            "PEER_ISSUER": self.url,
            "PEER_TOKEN_SECONDS": str(TOKEN_SECONDS),
            "PEER_DIRECTORY": str(self.directory),
        }
        command = [str(DJANGO_PYTHON), "-m", f"{_SITE}.prepare", str(PEOPLE)]
        done = subprocess.run(
            command, cwd=ROOT, env=self._environment, capture_output=True, text=True
        )
        if done.returncode:
            raise ProgramFailed(f"{self.name}: {done.stderr[-2000:]}")
        self._made = json.loads(done.stdout)

    def start(self) -> None:
        command = [*ON_SERVER_CORE, str(DJANGO_PYTHON), "-m", "granian", "--interface", "wsgi"]
        command += ["--port", str(self.port), "--workers", "1", "--blocking-threads", "4"]
        command += ["--no-ws", f"{_SITE}.wsgi:application"]
        jwks = f"{self.url}{self.endpoints.jwks}"
        self.program = Program("server", command, self._environment, jwks, self.directory)
        self.program.start()

    def prepare(self) -> Prepared:
        machine, app = Client(*self._made["machine"]), Client(*self._made["app"])
        return Prepared(self.endpoints, machine, {"RS256": app}, self._made["cookies"])


class Toolkit(DjangoPeer):
    name, title = "toolkit", "django-oauth-toolkit 3.4"
    endpoints = Endpoints(
        authorize="/o/authorize/",
        token="/o/token/",
        introspect="/o/introspect/",
        userinfo="/o/userinfo/",
        jwks="/o/.well-known/jwks.json",
    )


class Allauth(DjangoPeer):
    name, title = "allauth", "allauth.idp 65.21"
    endpoints = Endpoints(
        authorize="/identity/o/authorize",
        token="/identity/o/api/token",
        introspect="/identity/o/api/introspect",
        userinfo="/identity/o/api/userinfo",
        jwks="/.well-known/jwks.json",
    )
