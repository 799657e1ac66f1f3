"""An installation with processes of its own: settings, database, people, clients, the server.

For tests that need the real thing over real HTTP. Nothing of this process's own settings reaches
it. No pytest here: benchmarks stand on it too.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from authserver.local.parent import end_with_parent_process
from authserver.serving import granian_command

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS, STOP_SECONDS = 30, 10
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


class ProgramFailed(AssertionError):
    """A program of the installation did not do what it was started for."""


@dataclass(frozen=True)
class Person:
    """Somebody who can sign in."""

    username: str
    password: str
    sub: str


@dataclass(frozen=True)
class Installation:
    """What the processes of one installation share. `environment`: what they are started with."""

    issuer: str
    directory: Path
    environment: dict[str, str]
    newcomers: list[Person] = field(default_factory=list)

    def manage(self, *arguments: str) -> str:
        """Run a management command. Returns what it printed."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True
        )
        if done.returncode:
            raise ProgramFailed(f"manage.py {' '.join(arguments)}: {done.stderr}")
        return done.stdout

    def new_person(self) -> Person:
        """Return somebody whom no client knows yet, so that there is no consent either."""
        if not self.newcomers:
            # Several at once: starting a process costs more than a person does.
            people = self.run(CREATE_PEOPLE)
            self.newcomers.extend(Person(**each) for each in people)
        return self.newcomers.pop()

    def run(self, program: str) -> Any:
        """Run a few lines inside the installation. Returns the JSON that they print."""
        return json.loads(self.manage("shell", "--verbosity", "0", "--command", program))

    def create_client(self, profile: str, *options: str) -> dict[str, Any]:
        """Register a client. Returns an RFC 7591 object."""
        name = f"A {profile} client"
        text = self.manage("client", "create", name, "--profile", profile, *options, "--json")
        client: dict[str, Any] = json.loads(text)
        return client

    def server(
        self,
        base_url: str = "",
        application: str = "authserver.wsgi:application",
        inside: Sequence[str] = (),
    ) -> Program:
        """Return the server, one worker, not started yet. `base_url`: if not at the issuer's.

        `inside`: a command that becomes the one that follows it, in some environment.
        """
        base_url = base_url or self.issuer
        host, port = urlsplit(base_url).hostname or "", base_url.rpartition(":")[2]
        address = "127.0.0.1" if host == "localhost" else host
        command = [*inside, *granian_command(address, int(port), 1, application)]
        ready = f"{base_url}/health/ready"
        return Program(f"server-{port}", command, self.environment, ready, self.directory)

    def worker(self) -> Program:
        """Return a worker, not started yet. Nothing tells when it has begun."""
        command = [sys.executable, "manage.py", "worker"]
        return Program("worker", command, self.environment, "", self.directory)


def install(directory: Path, issuer: str, redis_url: str, **more: str) -> Installation:
    """Describe an installation in an empty directory. Its database is still to be made."""
    environment = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": f"sqlite:///{directory / 'gatehouse.sqlite3'}",
        "DJANGO_SETTINGS_MODULE": "authserver.settings",
        "GATEHOUSE_ISSUER": issuer,
        "GATEHOUSE_LOCAL_DIR": str(directory),
        "GATEHOUSE_RATE_LIMITS": "off",
        "REDIS_URL": redis_url,
        "SECRET_KEY": "a-running-installation-0123456789-abcdefghijklmnopqrstuvwxyz",
        **more,
    }
    return Installation(issuer, directory, environment)


class Program:
    """A server process, with all processes that it starts in turn, and its log."""

    def __init__(
        self, name: str, command: list[str], environment: dict[str, str], url: str, directory: Path
    ) -> None:
        self.name = name
        self._command, self._environment = command, environment
        self._url, self._log = url, directory / f"{name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; return when its URL answers 200, at once if it has none.

        Raises:
            ProgramFailed: it ended, or does not answer in time.
        """
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command,
                cwd=ROOT,
                env=self._environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=end_with_parent_process,
            )
        deadline = time.monotonic() + START_SECONDS
        while self._url and not _answers(self._url):
            if self._process.poll() is not None or time.monotonic() > deadline:
                log = self._log.read_text()[-3000:]
                self.kill()
                raise ProgramFailed(f"{self.name} does not answer at {self._url}:\n{log}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Ask it to end; kill it if it does not obey."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        """End it and its children as a crash would."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def pids(self) -> list[int]:
        """Return its processes."""
        return [] if self._process is None else _family(self._process.pid)


@contextmanager
def running(program: Program) -> Iterator[Program]:
    """Run a program until the block ends."""
    program.start()
    try:
        yield program
    finally:
        program.stop()


def _family(pid: int) -> list[int]:
    """Return a process and its descendants."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:
        return []
    return [pid, *(one for child in children for one in _family(int(child)))]


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).status_code == 200
    except requests.ConnectionError:
        return False
