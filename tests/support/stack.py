"""The real thing, over real HTTP: the server under granian and two sample apps, each a process.

For tests with clients and browsers that nobody here wrote. It stands on the run's own cluster and
on a database and a folder of its own. Tests that use it share one: mark them
`@pytest.mark.xdist_group("stack")`, so that pytest-xdist gives them all to one worker.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests

from authserver.local.ports import free_base_port

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 30
# Several at once: starting a process costs more than a person does.
CREATE_PEOPLE = """
import json, secrets
from accounts.people import create_person
people = []
for _ in range(8):
    name = f"alice-{secrets.token_hex(4)}"
    claims = {"name": "Alice Liddell", "given_name": "Alice", "family_name": "Liddell"}
    user, password = create_person(name, f"{name}@example.com", claims=claims)
    people.append({"username": name, "password": password, "sub": str(user.pk)})
print(json.dumps(people))
"""


@dataclass(frozen=True)
class Person:
    """Somebody who can sign in."""

    username: str
    password: str
    sub: str


@dataclass(frozen=True)
class Stack:
    """A running installation. `environment`: what its processes were started with."""

    issuer: str
    app_url: str
    second_app_url: str
    """An app of the same house: its client is trusted, so nobody is asked for consent."""
    environment: dict[str, str]
    newcomers: list[Person] = field(default_factory=list)

    def manage(self, *arguments: str) -> str:
        """Run a management command. Returns what it printed."""
        return manage(self.environment, *arguments)

    def new_person(self) -> Person:
        """Return somebody whom no client knows yet, so that there is no consent either."""
        if not self.newcomers:
            text = self.manage("shell", "--verbosity", "0", "--command", CREATE_PEOPLE)
            self.newcomers.extend(Person(**each) for each in json.loads(text))
        return self.newcomers.pop()

    def create_client(self, profile: str, *options: str) -> dict[str, Any]:
        """Register a client. Returns an RFC 7591 object."""
        name = f"A {profile} client"
        text = self.manage("client", "create", name, "--profile", profile, *options, "--json")
        return json.loads(text)


def manage(environment: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode:
        pytest.fail(f"manage.py {' '.join(arguments)}: {done.stderr}")
    return done.stdout


@contextmanager
def process(
    name: str, command: list[str], environment: dict[str, str], url: str, directory: Path
) -> Iterator[None]:
    """Run a server until the block ends. The block begins when `url` answers 200."""
    log = directory / f"{name}.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not _answers(url):
            if server.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"{name} does not answer at {url}:\n{log.read_text()[-3000:]}")
            time.sleep(0.05)
        yield
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).status_code == 200
    except requests.ConnectionError:
        return False


def _app(environment: dict[str, str], client: dict[str, Any], port: int) -> dict[str, str]:
    return environment | {
        "CLIENT_ID": client["client_id"],
        "CLIENT_SECRET": client["client_secret"],
        "SAMPLE_APP_PORT": str(port),
    }


@contextmanager
def running_stack(directory: Path) -> Iterator[Stack]:
    """Make an installation in an empty directory, and run it until the block ends."""
    port = free_base_port(3)
    issuer, *apps = (f"http://localhost:{port + offset}" for offset in range(3))
    # Nothing else of this process's environment: the tests' own settings are not the server's.
    environment = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": f"sqlite:///{directory / 'gatehouse.sqlite3'}",
        "DJANGO_SETTINGS_MODULE": "authserver.settings",
        "GATEHOUSE_ISSUER": issuer,
        "GATEHOUSE_LOCAL_DIR": str(directory),
        "GATEHOUSE_RATE_LIMITS": "off",
        "LOG_LEVEL": "DEBUG",
        "REDIS_URL": os.environ["REDIS_URL"],
        "SECRET_KEY": "a-running-installation-0123456789-abcdefghijklmnopqrstuvwxyz",
    }
    manage(environment, "migrate", "--verbosity", "0")
    granian = [sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(port)]
    granian += ["--workers", "1", "--blocking-threads", "4", "authserver.wsgi:application"]
    with ExitStack() as servers:
        ready = f"{issuer}/health/ready"
        servers.enter_context(process("server", granian, environment, ready, directory))
        stack = Stack(issuer, *apps, environment)
        for number, (url, trusted) in enumerate(zip(apps, ([], ["--trusted"]), strict=True), 1):
            client = stack.create_client("web", "--redirect-uri", f"{url}/callback", *trusted)
            command = [sys.executable, "examples/sample_app/app.py"]
            settings = _app(environment, client, port + number)
            servers.enter_context(process(f"app-{number}", command, settings, url, directory))
        yield stack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A running installation, started when the first test asks for it."""
    with running_stack(tmp_path_factory.mktemp("stack")) as running:
        yield running
