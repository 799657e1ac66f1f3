"""Sending a form to an address that a client chose: the same rules as for fetching."""

from __future__ import annotations

import time
from http.server import BaseHTTPRequestHandler

import pytest

from oidc.clients.remote import FetchFailed, post_form
from tests.support.receiver import receiving

FORM = {"logout_token": "a.b.c d+e&f=g"}


@pytest.mark.parametrize(
    "host",
    ["localhost", "127.0.0.1", "2130706433", "0x7f.1", "127.1", "[::1]", "[::ffff:127.0.0.1]",
     "0.0.0.0", "169.254.169.254"],
)  # fmt: skip
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_our_own_network_is_not_reached_under_any_name(scheme: str, host: str) -> None:
    with receiving() as receiver:
        port = receiver.uri.rpartition(":")[2].partition("/")[0]
        with pytest.raises(FetchFailed):
            post_form(f"{scheme}://{host}:{port}/", FORM, timeout_seconds=1)
        assert receiver.deliveries == []


@pytest.mark.usefixtures("private_addresses")
@pytest.mark.parametrize(
    "url",
    ["", "/back-channel", "ftp://localhost/", "https://localhost:0/", "https://u@localhost/",
     "https://does-not-exist.invalid/", "http://192.0.2.1/", "http://localhost/\x00",
     "http://localhost/a b"],
)  # fmt: skip
def test_impossible_addresses_fail(url: str) -> None:
    with pytest.raises(FetchFailed):
        post_form(url, FORM, timeout_seconds=1)


@pytest.mark.usefixtures("private_addresses")
def test_the_form_arrives_and_the_status_comes_back() -> None:
    with receiving(204, 302) as receiver:
        assert post_form(f"{receiver.uri}?a=b", FORM, timeout_seconds=2) == 204
        [delivery] = receiver.deliveries
        assert delivery.path == "/back-channel?a=b"
        assert delivery.form == {"logout_token": ["a.b.c d+e&f=g"]}
        assert post_form(receiver.uri, FORM, timeout_seconds=2) == 302
        assert len(receiver.deliveries) == 2


@pytest.mark.usefixtures("private_addresses")
def test_who_does_not_answer_in_time_is_left() -> None:
    with receiving() as receiver:
        receiver.let_go.clear()
        started = time.monotonic()
        with pytest.raises(FetchFailed, match="took too long"):
            post_form(receiver.uri, FORM, timeout_seconds=0.3)
        assert time.monotonic() - started < 1.5


@pytest.mark.usefixtures("private_addresses")
def test_who_answers_a_letter_at_a_time_is_left_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def drip(handler: BaseHTTPRequestHandler, *_: object) -> None:
        for letter in b"HTTP/1.1 200 OK\r\nX-Never-Ending: " + b"x" * 100:
            handler.wfile.write(bytes((letter,)))
            handler.wfile.flush()
            time.sleep(0.05)

    monkeypatch.setattr(BaseHTTPRequestHandler, "send_response", drip)
    with receiving() as receiver:
        started = time.monotonic()
        with pytest.raises(FetchFailed):
            post_form(receiver.uri, FORM, timeout_seconds=0.3)
        assert time.monotonic() - started < 1.5
