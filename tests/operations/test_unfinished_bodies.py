"""Bodies that never end, connections that rest, and answers that nobody reads: the server goes on
answering everybody else.

At the server of production, a process of its own, started by its own command.
"""

from __future__ import annotations

import os
import resource
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import requests

from authserver.bodies import ADMIN_BODY_BYTES
from authserver.local.ports import free_base_port
from tests.protocol.test_rfc9112_on_the_wire import statuses
from tests.support.server import Installation, Program, install, running

MANY = 1000
PLACES = ("/oauth2/token", "/accounts/login/")
LENGTHS = ("Content-Length: 1000", "Transfer-Encoding: chunked")
BARE = "--interface wsgi authserver.wsgi:application"
"""The command that is promised, with no number of anything."""
SECONDS = 30


@pytest.fixture(scope="module", autouse=True)
def many_files() -> Iterator[None]:
    """Let this process have as many connections as the attacks need."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(before[0], 4 * MANY), before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.fixture(scope="module", params=["as make run does", "with nothing but the promise"])
def installation(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    port = free_base_port(1)
    issuer, directory = f"http://localhost:{port}", tmp_path_factory.mktemp("bodies")
    made = install(directory, issuer, os.environ["REDIS_URL"])
    made.manage("migrate", "--verbosity", "0")
    server = made.server()
    if request.param != "as make run does":
        command = [sys.executable, "-m", "granian", "--port", str(port), *BARE.split()]
        ready = f"{issuer}/health/ready"
        server = Program("bare", command, made.environment, ready, directory)
    with running(server):
        yield made


def connect(installation: Installation) -> socket.socket:
    port = int(installation.issuer.rpartition(":")[2])
    return socket.create_connection(("127.0.0.1", port), timeout=SECONDS)


def beginning(path: str, length: str = "Content-Length: 1000", type_: str = "") -> bytes:
    """Return a request up to the first bytes of its body."""
    content_type = type_ or "application/x-www-form-urlencoded"
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {content_type}\r\n{length}"
    return head.encode() + b"\r\n\r\n" + (b"5\r\nabc" if "chunked" in length else b"abc")


def rest_of(connection: socket.socket) -> bytes:
    """Return all that comes until the server ends the connection, by whichever way."""
    received = b""
    try:
        while part := connection.recv(65_536):
            received += part
    except ConnectionError:
        pass
    return received


@contextmanager
def attack(installation: Installation, number: int, *requests_sent: bytes) -> Iterator[None]:
    """Keep so many connections, which have sent these beginnings in turn."""
    with ExitStack() as connections:
        for index in range(number):
            connection = connections.enter_context(connect(installation))
            connection.sendall(requests_sent[index % len(requests_sent)])
        yield


def assert_everybody_else_is_served(installation: Installation, *, patient: bool) -> None:
    """The pages, the protocol, and forms of both, on new connections."""
    issuer, client = installation.issuer, {"client_id": "nobody", "client_secret": "x"}
    assert requests.get(f"{issuer}/accounts/login/", timeout=SECONDS).status_code == 200
    metadata = requests.get(f"{issuer}/.well-known/openid-configuration", timeout=SECONDS)
    assert metadata.json()["issuer"] == issuer
    token = send_form(f"{issuer}/oauth2/token", client, patient=patient)
    assert token.json()["error"] in ("invalid_request", "invalid_client")
    form = send_form(f"{issuer}/accounts/login/", {"login": "x"}, patient=patient)
    assert form.status_code == 403  # its token is missing, as the page says


def send_form(url: str, fields: dict[str, str], *, patient: bool) -> requests.Response:
    """Send a form. Who is patient sends it again when the server asks for that."""
    answer = requests.post(url, fields, timeout=SECONDS)
    for _ in range(SECONDS if patient else 0):
        if answer.status_code != 503:
            break
        time.sleep(int(answer.headers["Retry-After"]))
        answer = requests.post(url, fields, timeout=SECONDS)
    return answer


FEW = 128
LARGE_ANSWERS = 5000 * (
    b"GET /static/admin/js/vendor/xregexp/xregexp.js HTTP/1.1\r\nHost: localhost\r\n\r\n"
)
WHOLE = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
UNFINISHED = [
    *(beginning(path, length) for path in PLACES for length in LENGTHS),
    WHOLE + beginning("/oauth2/token"),  # answered once, in the same breath
]


@pytest.mark.slow
def test_an_unfinished_body_ends_by_a_deadline(installation: Installation) -> None:
    with ExitStack() as stack:
        waiting = [stack.enter_context(connect(installation)) for _ in UNFINISHED]
        trickling = stack.enter_context(connect(installation))
        for connection, sent in zip(waiting, UNFINISHED, strict=True):
            connection.sendall(sent)
        trickling.sendall(beginning("/oauth2/token"))
        assert trickles_to_its_end(trickling)
        for connection, sent in zip(waiting, UNFINISHED, strict=True):
            answers = statuses(rest_of(connection))
            assert answers[bool(sent.startswith(WHOLE)) :] in ([], [408])


def trickles_to_its_end(connection: socket.socket) -> bool:
    """Send a byte now and then. Returns whether the server ends that."""
    connection.settimeout(0.5)
    for _ in range(2 * SECONDS):
        try:
            connection.sendall(b"x")
            if not connection.recv(65_536):
                return True
        except TimeoutError:
            continue
        except ConnectionError:
            return True
    return False


@pytest.mark.slow
def test_thousands_of_them_leave_the_server_answering(
    installation: Installation, request: pytest.FixtureRequest
) -> None:
    """1,000 connections that say nothing and 1,000 unfinished bodies, at both doors.

    granian's own defaults are 512 threads, so forms are put off for some seconds.
    """
    patient = "promise" in request.node.name
    bodies = [beginning(path) for path in PLACES]
    with attack(installation, MANY, b""), attack(installation, MANY, *bodies):
        for _ in range(3):
            assert_everybody_else_is_served(installation, patient=patient)
    assert_everybody_else_is_served(installation, patient=patient)


@pytest.mark.parametrize("path", PLACES)
def test_too_large_a_body_is_refused_unread(installation: Installation, path: str) -> None:
    with connect(installation) as connection:
        connection.sendall(beginning(path, "Content-Length: 65537"))
        assert statuses(rest_of(connection)) == [413]


def test_a_page_reads_no_more_than_its_bound_of_a_chunked_body(
    installation: Installation,
) -> None:
    chunk = b"2000\r\n" + b"x" * 8192 + b"\r\n"
    with connect(installation) as connection:
        connection.sendall(beginning("/accounts/login/", "Transfer-Encoding: chunked")[:-6])
        connection.sendall(chunk * 20)
        assert statuses(rest_of(connection)) == [413]


def test_the_admin_has_room_for_the_largest_client(installation: Installation) -> None:
    address = f"{installation.issuer}/admin/oidc/oauthclient/add/"
    within = requests.post(address, b"x" * ADMIN_BODY_BYTES, timeout=SECONDS)
    assert within.status_code != 413
    beyond = requests.post(address, b"x" * (ADMIN_BODY_BYTES + 1), timeout=SECONDS)
    assert beyond.status_code == 413


@pytest.mark.slow
def test_answers_that_nobody_reads_leave_the_server_answering(
    tmp_path: Path,
) -> None:
    """More of them than the server has connections, each with more requests than it takes in."""
    port = free_base_port(1)
    made = install(tmp_path, f"http://localhost:{port}", os.environ["REDIS_URL"])
    made.manage("migrate", "--verbosity", "0")
    few = ["--backpressure", str(FEW), "--blocking-threads", str(FEW)]
    command = [sys.executable, "-m", "granian", "--port", str(port), *few, *BARE.split()]
    ready = f"{made.issuer}/health/ready"
    with running(Program("few", command, made.environment, ready, tmp_path)), ExitStack() as stack:
        for _ in range(FEW + FEW // 4):
            connection = stack.enter_context(connect(made))
            connection.setblocking(False)
            connection.send(LARGE_ANSWERS)
        assert requests.get(f"{made.issuer}/health/live", timeout=SECONDS).status_code == 200
