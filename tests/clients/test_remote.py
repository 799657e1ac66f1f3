"""Fetching from addresses that clients chose: what is refused, what is bounded."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from oidc.clients import remote
from oidc.clients.destination import is_allowed
from oidc.clients.remote import FetchFailed, fetch_json, fetch_text
from tests.clients.json_server import body, document, make_certificate, serving

NAME = "keys.example"

PUBLIC = ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "2a00:1450:4001::1"]
INTRANET = ["10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "127.0.0.1", "127.8.8.8",
            "::1", "fd00::1"]  # fmt: skip
NEVER = [
    "0.0.0.0",
    "169.254.169.254",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "fe80::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::ffff:169.254.169.254",
    "::7f00:1",
    "64:ff9b::7f00:1",
]
NOT_PUBLIC = [*INTRANET, *NEVER, "2002:7f00:1::", "2001:db8::1", "192.0.2.1", "198.18.0.1",
              "fec0::1", "5f00::1"]  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_allowed(address: str) -> None:
    assert is_allowed(ip_address(address), private=False)
    assert is_allowed(ip_address(address), private=True)


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_other_addresses_are_not(address: str) -> None:
    assert not is_allowed(ip_address(address), private=False)


@pytest.mark.parametrize("address", INTRANET)
def test_an_intranet_may_be_allowed(address: str) -> None:
    assert is_allowed(ip_address(address), private=True)


@pytest.mark.parametrize("address", NEVER)
def test_some_addresses_are_never_allowed(address: str) -> None:
    assert not is_allowed(ip_address(address), private=True)


@pytest.mark.parametrize(
    "host",
    ["localhost", "127.0.0.1", "2130706433", "0x7f.1", "127.1", "[::1]", "[::ffff:127.0.0.1]",
     "0.0.0.0", "[::]"],
)  # fmt: skip
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_this_machine_is_not_reached_under_any_name(scheme: str, host: str) -> None:
    with serving(document({})) as server:
        with pytest.raises(FetchFailed):
            fetch_json(f"{scheme}://{host}:{server.port}/jwks")
        assert not server.requests


@pytest.mark.usefixtures("private_addresses")
@pytest.mark.parametrize(
    "url",
    [
        "",
        "jwks.json",
        "ftp://localhost/jwks",
        "file:///etc/passwd",
        "https://",
        "https://localhost:0/",
        "https://localhost:99999/",
        "https://user@localhost/",
        "https://[::1/",
        "https://does-not-exist.invalid/",
        "https://" + "a" * 300 + ".example/",
        "http://192.0.2.1/jwks",
        "http://localhost/\x00",
    ],
)
def test_impossible_addresses_fail(url: str) -> None:
    with pytest.raises(FetchFailed):
        fetch_json(url, timeout_seconds=1)


# --- A server that is allowed, and what it may do -------------------------------------------------

pytestmark = pytest.mark.filterwarnings("error")


@pytest.fixture
def fetch_from(private_addresses: None) -> Any:
    """Return a function that serves one answer and fetches it."""

    def fetch(answer: Any, path: str = "/jwks", **limits: Any) -> Any:
        with serving(answer) as server:
            try:
                return fetch_json(f"http://127.0.0.1:{server.port}{path}", **limits)
            finally:
                assert server.requests == [(path, f"127.0.0.1:{server.port}")]

    return fetch


def test_json_is_returned(fetch_from: Any) -> None:
    assert fetch_from(document({"keys": [1]}), "/a/b?c=d") == {"keys": [1]}


def test_no_user_name_is_sent_along(private_addresses: None) -> None:
    with serving(document({})) as server:
        with pytest.raises(FetchFailed, match="not an https address"):
            fetch_json(f"http://user:password@127.0.0.1:{server.port}/jwks")
        assert not server.requests


def test_redirects_are_not_followed(private_addresses: None) -> None:
    with serving(document({"keys": []})) as inner:
        target = f"http://127.0.0.1:{inner.port}/metadata"
        redirect = body(b"{}", 302, Location=target)
        with serving(redirect) as outer, pytest.raises(FetchFailed, match="status 302"):
            fetch_json(f"http://127.0.0.1:{outer.port}/jwks")
        assert not inner.requests


@pytest.mark.parametrize("status", [201, 204, 304, 404, 500])
def test_only_status_200_counts(fetch_from: Any, status: int) -> None:
    with pytest.raises(FetchFailed, match=f"status {status}"):
        fetch_from(body(b"" if status in (204, 304) else b"{}", status))


@pytest.mark.parametrize(
    "content",
    [b"", b"<html>", b"{", b"\xff\xfe\x00", b'{"a": 1} x', b"[" * 60_000, b"1" * 5_000],
    ids=lambda content: repr(content[:12]),
)
def test_what_is_not_json_fails(fetch_from: Any, content: bytes) -> None:
    with pytest.raises(FetchFailed, match="not JSON"):
        fetch_from(body(content))


def test_the_size_is_limited(fetch_from: Any) -> None:
    assert fetch_from(body(b'"' + b"a" * 98 + b'"'), max_bytes=100) == "a" * 98
    with pytest.raises(FetchFailed, match="too large"):
        fetch_from(body(b'"' + b"a" * 99 + b'"'), max_bytes=100)


def test_an_endless_answer_ends(fetch_from: Any) -> None:
    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while True:
            handler.wfile.write(b" " * 65_536)

    with pytest.raises(FetchFailed, match="too large"):
        fetch_from(endless)


@pytest.mark.parametrize("stage", ["nothing", "headers", "body"])
def test_a_slow_sender_is_cut_off(private_addresses: None, stage: str) -> None:
    def slow(handler: BaseHTTPRequestHandler) -> None:
        if stage == "nothing":
            server.stopping.wait(10)
            return
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        if stage == "body":
            handler.wfile.write(b"Content-Length: 1000\r\n\r\n")
        while not server.stopping.wait(0.05):
            handler.wfile.write(b"A" if stage == "body" else b"X-A: b\r\n")

    with serving(slow) as server:
        started = time.monotonic()
        with pytest.raises(FetchFailed):
            fetch_json(f"http://127.0.0.1:{server.port}/", timeout_seconds=0.5)
        assert 0.4 < time.monotonic() - started < 2


def test_a_port_that_accepts_and_says_nothing_in_tls_is_cut_off(private_addresses: None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        started = time.monotonic()
        with pytest.raises(FetchFailed):
            fetch_json(f"https://127.0.0.1:{silent.getsockname()[1]}/", timeout_seconds=0.5)
        assert time.monotonic() - started < 2


def test_a_closed_port_fails(private_addresses: None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(FetchFailed, match="ConnectionRefusedError"):
        fetch_json(f"http://127.0.0.1:{port}/")


# --- Names ----------------------------------------------------------------------------------------


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A certificate for `NAME` that this process trusts."""
    path = make_certificate(tmp_path / "server.pem", NAME)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    remote._tls_context.cache_clear()
    yield path
    remote._tls_context.cache_clear()


class NameServer:
    """Answers for names one list of addresses after the other, as a hostile one would."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> None:
        self.asked: list[str] = []
        self._answers = list(answers)
        self._genuine = socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", self._answer)

    def _answer(self, host: Any, port: Any, *args: Any, **kwargs: Any) -> list[Any]:
        if not str(host).endswith(".example"):
            return self._genuine(host, port, *args, **kwargs)
        self.asked.append(host)
        addresses = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return [
            (socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM, 6, "",
             (address, port))
            for address in addresses
        ]  # fmt: skip


def test_tls_is_for_the_name_and_the_connection_for_the_address(
    private_addresses: None, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = NameServer(monkeypatch, ["127.0.0.1"], ["10.255.255.1"])
    with serving(document({"keys": []}), certificate) as server:
        assert fetch_json(f"https://{NAME}:{server.port}/jwks") == {"keys": []}
        assert server.requests == [("/jwks", f"{NAME}:{server.port}")]
        assert server.server_names == [NAME]
    assert names.asked == [NAME], "a second question could be answered differently"


def test_a_certificate_for_another_name_is_refused(
    private_addresses: None, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    NameServer(monkeypatch, ["127.0.0.1"])
    with serving(document({}), certificate) as server:
        with pytest.raises(FetchFailed, match="SSLCertVerificationError"):
            fetch_json(f"https://other.example:{server.port}/jwks")
        assert not server.requests


def test_an_untrusted_certificate_is_refused(
    private_addresses: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    NameServer(monkeypatch, ["127.0.0.1"])
    with serving(document({}), make_certificate(tmp_path / "own.pem", NAME)) as server:
        with pytest.raises(FetchFailed, match="SSLCertVerificationError"):
            fetch_json(f"https://{NAME}:{server.port}/jwks")
        assert not server.requests


def test_one_private_address_among_public_ones_is_enough_to_refuse(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    NameServer(monkeypatch, ["8.8.8.8", "127.0.0.1"])
    with serving(document({}), certificate) as server:
        with pytest.raises(FetchFailed, match="not public"):
            fetch_json(f"https://{NAME}:{server.port}/jwks")
        assert not server.requests


def test_the_next_address_is_tried_when_one_does_not_answer(
    private_addresses: None, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    NameServer(monkeypatch, ["127.0.0.2", "127.0.0.1"])
    with serving(document({"keys": []}), certificate) as server:
        assert fetch_json(f"https://{NAME}:{server.port}/jwks") == {"keys": []}


def test_http_is_for_this_machine_even_on_an_intranet(
    private_addresses: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    NameServer(monkeypatch, ["10.0.0.1"])
    with pytest.raises(FetchFailed, match="this machine only"):
        fetch_json(f"http://{NAME}/jwks")


def test_a_proxy_of_the_environment_is_not_used(
    private_addresses: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(document({"from": "proxy"})) as proxy, serving(document({"from": "it"})) as it:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert fetch_json(f"http://127.0.0.1:{it.port}/") == {"from": "it"}
        assert not proxy.requests


def test_a_name_server_that_says_nothing_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answer.wait(10))
    started = time.monotonic()
    try:
        with pytest.raises(FetchFailed, match="name server"):
            fetch_json(f"https://{NAME}/jwks", timeout_seconds=0.2)
        assert time.monotonic() - started < 5
    finally:
        answer.set()


def test_an_address_that_no_request_line_can_hold_is_a_failure(private_addresses: None) -> None:
    with serving(document({})) as server:
        for fetch in (fetch_json, fetch_text):
            with pytest.raises(FetchFailed):
                fetch(f"http://127.0.0.1:{server.port}/\u00e9")
