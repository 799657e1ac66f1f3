"""Which connections the server ends because it waits for their client, and which it leaves.

At sockets of this process. `test_unfinished_bodies` attacks the server itself.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from authserver import connections
from authserver.connections import Connections

PATIENCE = 1.0
"""Seconds for which the server waits here."""
TRIES = 200

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    monkeypatch.setattr(connections, "KNOWN_SECONDS", 0.0)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


@pytest.fixture
def connect(port: socket.socket) -> Iterator[Callable[[], Pair]]:
    """Return what makes a connection: the client's end, and ours."""
    with ExitStack() as stack:

        def make() -> Pair:
            client = stack.enter_context(socket.socket())
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            client.connect(port.getsockname())
            ours = stack.enter_context(port.accept()[0])
            ours.setblocking(False)
            return client, ours

        yield make


@pytest.fixture
def watched(port: socket.socket) -> Connections:
    return Connections(port.getsockname()[1])


def is_ended(ours: socket.socket) -> bool:
    """Read all that has come in, and tell whether it was the end."""
    try:
        while ours.recv(65_536):
            continue
    except BlockingIOError:
        return False
    return True


def is_ended_in_time(watched: Connections, client: socket.socket, ours: socket.socket) -> bool:
    """Watch while the client sends a byte now and then."""
    for _ in range(TRIES):
        client.send(b"x")
        if is_ended(ours):
            return True
        watched.look()
        watched.end_waiting(PATIENCE)
        time.sleep(0.02)
    return False


def fill(ours: socket.socket) -> None:
    """Send answers until no more fit in, because the client reads none."""
    try:
        while True:
            ours.send(b"x" * 65_536)
    except BlockingIOError:
        return


def test_a_request_in_trickles_ends(connect: Callable[[], Pair], watched: Connections) -> None:
    assert is_ended_in_time(watched, *connect())


def test_a_request_that_comes_after_a_rest_does_not(
    connect: Callable[[], Pair], watched: Connections
) -> None:
    """A proxy keeps connections, and sends the next person's request by one that has rested."""
    client, ours = connect()
    client.send(b"x")
    assert ours.recv(1) == b"x"
    ours.send(b"x")
    watched.look()
    time.sleep(PATIENCE + 0.2)
    client.send(b"x")
    assert ours.recv(1) == b"x"
    watched.look()
    watched.end_waiting(PATIENCE, {"127.0.0.1"})
    assert not is_ended(ours)


def test_one_that_rests_ends(connect: Callable[[], Pair], watched: Connections) -> None:
    _, ours = connect()
    watched.look()
    time.sleep(PATIENCE + 0.2)
    watched.end_waiting(PATIENCE, {"192.0.2.1"})
    assert not is_ended(ours)
    watched.end_waiting(PATIENCE, {"127.0.0.1"})
    assert is_ended(ours)


def test_one_that_the_server_has_not_come_to_does_not(
    connect: Callable[[], Pair], watched: Connections
) -> None:
    client, ours = connect()
    client.send(b"x")
    watched.look()
    time.sleep(PATIENCE + 0.2)
    watched.look()
    watched.end_waiting(PATIENCE)
    assert ours.recv(1) == b"x"
    assert not is_ended(ours)


def test_one_that_reads_no_answer_ends_whatever_else_it_asks_for(
    connect: Callable[[], Pair], watched: Connections
) -> None:
    client, ours = connect()
    fill(ours)
    client.send(b"x")  # lies here, for the server reads no more before it has answered
    watched.look()
    time.sleep(PATIENCE + 0.2)
    watched.end_waiting(PATIENCE)
    with pytest.raises(BrokenPipeError):
        ours.send(b"x")


def test_one_that_reads_an_answer_in_trickles_ends(
    connect: Callable[[], Pair], watched: Connections, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "READING_SECONDS", PATIENCE)
    client, ours = connect()
    for _ in range(TRIES):
        try:
            fill(ours)
        except BrokenPipeError:
            return
        watched.look()
        watched.end_waiting(PATIENCE)
        client.recv(4096)
        time.sleep(0.02)
    pytest.fail("it goes on")
