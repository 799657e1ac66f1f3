"""What the application reads of its server's options, and the watch that must never end."""

from __future__ import annotations

import errno
import resource
import threading
from unittest.mock import Mock

import pytest

from authserver import bodies
from authserver.bodies import WholeBodies
from authserver.local.ports import free_base_port
from authserver.serving import Server, granian_command


def unlimited(_: int) -> tuple[int, int]:
    return resource.RLIM_INFINITY, resource.RLIM_INFINITY


def test_the_command_of_production_is_read_as_it_is_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(resource, "getrlimit", unlimited)
    command = granian_command("127.0.0.1", 8123, 2)[2:]
    assert Server.of_this_process(command, {}) == Server(8123, threads=1200, connections=4096)


def test_the_environment_and_granians_own_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", unlimited)
    assert Server.of_this_process(["granian"], {}) == Server(8000, threads=512, connections=1024)
    told = {"GRANIAN_PORT": "9000", "GRANIAN_BLOCKING_THREADS": "40"}
    assert Server.of_this_process(["granian", "--backpressure=300"], told) == Server(9000, 40, 300)


def test_another_server_is_trusted_with_the_least() -> None:
    assert Server.of_this_process(["gunicorn"], {}).port == 0


def test_where_files_are_few_they_are_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Idle connections end while there are many: never, if so many cannot be."""
    monkeypatch.setattr(resource, "getrlimit", lambda _: (600, 600))
    assert Server.of_this_process(granian_command("::1", 1, 1)[2:], {}).connections == 600


def test_the_watch_survives_that_no_file_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_again, log = threading.Event(), Mock()
    failures = [OSError(errno.EMFILE, "Too many open files")]

    def number_of_files() -> int:
        if failures:
            raise failures.pop()
        looked_again.set()
        return 1

    monkeypatch.setattr(bodies, "_TICK_SECONDS", 0.01)
    monkeypatch.setattr(bodies, "number_of_files", number_of_files)
    monkeypatch.setattr(bodies, "_log", log)
    WholeBodies(lambda *_: [b""], Server(free_base_port(1), 12, 100)).watch()
    assert looked_again.wait(30)
    [told] = log.error.call_args_list
    assert told.args == ("connections are not watched",)
