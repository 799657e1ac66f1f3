"""The real thing, over real HTTP: the server under granian and two sample apps, each a process.

For tests with clients and browsers that nobody here wrote. It stands on the run's own cluster and
on a database and a folder of its own. Tests that use it share one: mark them
`@pytest.mark.xdist_group("stack")`, so that pytest-xdist gives them all to one worker.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from authserver.local.ports import free_base_port
from tests.support.server import Installation, Person, Program, install, running

__all__ = ["Person", "Stack", "running_stack", "stack"]


@dataclass(frozen=True)
class Stack:
    """A running installation, and two apps."""

    installation: Installation
    app_url: str
    second_app_url: str
    """An app of the same house: its client is trusted, so nobody is asked for consent."""

    @property
    def issuer(self) -> str:
        return self.installation.issuer

    def manage(self, *arguments: str) -> str:
        return self.installation.manage(*arguments)

    def new_person(self) -> Person:
        return self.installation.new_person()

    def create_client(self, profile: str, *options: str) -> dict[str, Any]:
        return self.installation.create_client(profile, *options)


def _app(installation: Installation, name: str, url: str, *options: str) -> Program:
    """Return a sample app with a client of its own, not started yet."""
    addresses = ["--redirect-uri", f"{url}/callback", "--post-logout-redirect-uri", f"{url}/"]
    client = installation.create_client("web", *addresses, *options)
    environment = installation.environment | {
        "CLIENT_ID": client["client_id"],
        "CLIENT_SECRET": client["client_secret"],
        "SAMPLE_APP_PORT": url.rpartition(":")[2],
    }
    command = [sys.executable, "examples/sample_app/app.py"]
    return Program(name, command, environment, url, installation.directory)


@contextmanager
def running_stack(directory: Path) -> Iterator[Stack]:
    """Make an installation in an empty directory, and run it until the block ends."""
    port = free_base_port(3)
    issuer, first, second = (f"http://localhost:{port + offset}" for offset in range(3))
    installation = install(directory, issuer, os.environ["REDIS_URL"], LOG_LEVEL="DEBUG")
    installation.manage("migrate", "--verbosity", "0")
    with ExitStack() as programs:
        programs.enter_context(running(installation.server()))
        programs.enter_context(running(_app(installation, "app-1", first)))
        programs.enter_context(running(_app(installation, "app-2", second, "--trusted")))
        yield Stack(installation, first, second)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A running installation, started when the first test asks for it."""
    with running_stack(tmp_path_factory.mktemp("stack")) as running_now:
        yield running_now
