"""OpenID Connect Core 10.1: a client's keys, how they change, and who pays for it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from oidc.clients import keys
from oidc.clients.keys import client_keys, encryption_key
from oidc.clients.record import Client
from oidc.clients.waiting import KEYS
from tests.clients.json_server import JsonServer, body, document, serving
from tests.clients.keys_for_tests import PRIVATE_KEYS, private_jwk, public_jwk
from tests.support.slow_servers import all_seats_taken

RSA, EC = PRIVATE_KEYS["RS256"].public_key(), PRIVATE_KEYS["ES256"].public_key()


class Clock:
    """The monotonic clock that the keys look at, moved by the test."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(keys, "time", clock)
    return clock


@pytest.fixture
def server(private_addresses: None, clock: Clock) -> Iterator[JsonServer]:
    with serving(document({"keys": [public_jwk("ES256", kid="e1")]})) as running:
        yield running


def inline(*jwks: dict[str, Any], client_id: str = "inline") -> Client:
    return Client(client_id, "App", "web", "private_key_jwt", jwks={"keys": list(jwks)})


def remote(server: JsonServer) -> Client:
    uri = f"http://127.0.0.1:{server.port}/jwks"
    return Client("remote", "App", "web", "private_key_jwt", jwks_uri=uri)


# --- Registered keys ------------------------------------------------------------------------------


def test_the_key_id_and_the_algorithm_choose() -> None:
    client = inline(public_jwk("RS256", kid="r"), public_jwk("ES256", kid="e"))
    assert client_keys(client, "r", "RS256") == [RSA]
    assert client_keys(client, "r", "PS256") == [RSA]
    assert client_keys(client, "e", "ES256") == [EC]
    assert client_keys(client, "e", "RS256") == []
    assert client_keys(client, "unknown", "ES256") == []


def test_without_a_key_id_there_must_be_no_doubt() -> None:
    one_of_each = inline(public_jwk("RS256", kid="r"), public_jwk("ES256", kid="e"))
    assert client_keys(one_of_each, None, "ES256") == [EC]
    two = inline(public_jwk("ES256", kid="a"), public_jwk("ES256", kid="b"), client_id="two")
    assert client_keys(two, None, "ES256") == []


def test_a_single_key_without_an_id_answers_to_every_id() -> None:
    assert client_keys(inline(public_jwk("ES256")), "any", "ES256") == [EC]


@pytest.mark.parametrize("alg", ["HS256", "none", "ES384", ""])
def test_no_key_serves_another_algorithm(alg: str) -> None:
    client = inline(public_jwk("RS256", kid="r"), public_jwk("ES256", kid="e"))
    assert client_keys(client, "r", alg) == []


def test_a_key_for_encryption_verifies_nothing() -> None:
    assert client_keys(inline(public_jwk("RS256", kid="r", use="enc")), "r", "RS256") == []


def test_keys_are_parsed_once_for_each_copy_of_the_record(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[object] = []
    genuine = keys.parse_jwk
    monkeypatch.setattr(keys, "parse_jwk", lambda jwk: parsed.append(jwk) or genuine(jwk))
    client = inline(public_jwk("ES256", kid="e"), client_id="parsed-once")
    for _ in range(3):
        assert client_keys(client, "e", "ES256") == [EC]
    assert len(parsed) == 1
    changed = inline(public_jwk("RS256", kid="r"), client_id="parsed-once")
    assert client_keys(changed, "e", "ES256") == []
    assert client_keys(changed, "r", "RS256") == [RSA]


def test_a_client_without_keys_has_none() -> None:
    assert client_keys(Client("c", "App", "web", "private_key_jwt"), None, "ES256") == []


# --- Keys to encrypt to -------------------------------------------------------------------------


def test_10_2_a_key_for_encryption_is_taken_before_one_for_both() -> None:
    both, enc = public_jwk("RS256", kid="both"), public_jwk("RS256", kid="enc", use="enc")
    for client_id, order in (("a", [both, enc]), ("b", [enc, both])):
        chosen = encryption_key(inline(*order, client_id=client_id), "RSA-OAEP")
        assert chosen is not None and (chosen.kid, chosen.key) == ("enc", RSA)
    alone = encryption_key(inline(both, client_id="c"), "RSA-OAEP")
    assert alone is not None and alone.kid == "both"


def test_10_2_a_key_for_signatures_is_not_encrypted_to() -> None:
    client = inline(
        public_jwk("RS256", kid="s", use="sig"), public_jwk("ES256", kid="a", alg="ES256")
    )
    assert encryption_key(client, "RSA-OAEP") is None
    assert encryption_key(client, "ECDH-ES") is None
    assert encryption_key(Client("c", "App", "web", "none"), "ECDH-ES") is None


def test_10_2_1_a_key_that_is_missing_is_fetched_at_once(server: JsonServer, clock: Clock) -> None:
    client = remote(server)
    assert client_keys(client, "e1", "ES256") == [EC]
    server.answer = document({"keys": [public_jwk("RS256", kid="enc", use="enc")]})
    clock.now += keys.PAUSE_SECONDS
    chosen = encryption_key(client, "RSA-OAEP-256")
    assert chosen is not None and chosen.kid == "enc"
    assert len(server.requests) == 2


# --- Keys at an address ---------------------------------------------------------------------------


def test_keys_are_fetched_once_while_they_are_fresh(server: JsonServer, clock: Clock) -> None:
    client = remote(server)
    for _ in range(3):
        assert client_keys(client, "e1", "ES256") == [EC]
    clock.now += keys.FRESH_SECONDS
    assert client_keys(client, "e1", "ES256") == [EC]
    assert len(server.requests) == 1
    clock.now += 1
    assert client_keys(client, "e1", "ES256") == [EC]
    assert len(server.requests) == 2


def test_a_key_taken_back_is_gone_with_the_next_fetch(server: JsonServer, clock: Clock) -> None:
    client = remote(server)
    assert client_keys(client, "e1", "ES256") == [EC]
    server.answer = document({"keys": [public_jwk("RS256", kid="r1")]})
    clock.now += keys.FRESH_SECONDS + 1
    assert client_keys(client, "e1", "ES256") == []


def test_a_new_key_id_is_fetched_at_once(server: JsonServer, clock: Clock) -> None:
    client = remote(server)
    assert client_keys(client, "e1", "ES256") == [EC]
    server.answer = document({"keys": [public_jwk("RS256", kid="r1")]})
    clock.now += keys.PAUSE_SECONDS
    assert client_keys(client, "r1", "RS256") == [RSA]
    assert len(server.requests) == 2


def test_a_flood_of_unknown_key_ids_is_a_trickle(server: JsonServer, clock: Clock) -> None:
    client = remote(server)
    for number in range(100):
        assert client_keys(client, f"made-up-{number}", "ES256") == []
    assert len(server.requests) == 1
    clock.now += keys.PAUSE_SECONDS
    for number in range(100):
        assert client_keys(client, f"made-up-{number}", "ES256") == []
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    "answer",
    [body(b"", 500), body(b"<html>"), document([]), document({}), document({"keys": "x"})],
    ids=["500", "html", "list", "empty", "no list"],
)
def test_old_keys_serve_while_the_server_fails(
    server: JsonServer, clock: Clock, answer: Any
) -> None:
    client = remote(server)
    assert client_keys(client, "e1", "ES256") == [EC]
    server.answer = answer
    clock.now += keys.FRESH_SECONDS + 1
    for _ in range(5):
        assert client_keys(client, "e1", "ES256") == [EC]
    assert len(server.requests) == 2, "a failing server is not asked by every request"
    clock.now += keys.STALE_SECONDS
    assert client_keys(client, "e1", "ES256") == []


def test_a_server_that_never_answered_is_not_asked_by_every_request(
    server: JsonServer, clock: Clock
) -> None:
    server.answer = body(b"", 503)
    client = remote(server)
    for _ in range(5):
        assert client_keys(client, "e1", "ES256") == []
    assert len(server.requests) == 1
    server.answer = document({"keys": [public_jwk("ES256", kid="e1")]})
    clock.now += keys.PAUSE_SECONDS
    assert client_keys(client, "e1", "ES256") == [EC]


def test_unreadable_keys_are_skipped_and_private_ones_not_used(server: JsonServer) -> None:
    others = [None, {"kty": "oct", "k": "AA", "kid": "o"}, {"kty": "new"}, private_jwk("RS256")]
    server.answer = document({"keys": [*others, public_jwk("ES256", kid="e1")]})
    client = remote(server)
    assert client_keys(client, "e1", "ES256") == [EC]
    assert client_keys(client, None, "RS256") == []


def test_callers_at_the_same_time_share_one_fetch(server: JsonServer) -> None:
    arrived, go_on = threading.Event(), threading.Event()
    answer = server.answer

    def held(handler: BaseHTTPRequestHandler) -> None:
        arrived.set()
        go_on.wait(5)
        answer(handler)

    server.answer = held
    client = remote(server)
    with ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(client_keys, client, "e1", "ES256") for _ in range(KEYS.for_one)]
        assert arrived.wait(5)
        go_on.set()
        assert all(call.result(5) == [EC] for call in waiting)
    assert len(server.requests) == 1


def test_who_has_old_keys_does_not_wait_for_new_ones(server: JsonServer, clock: Clock) -> None:
    client = remote(server)
    assert client_keys(client, "e1", "ES256") == [EC]
    arrived, go_on = threading.Event(), threading.Event()
    answer = server.answer

    def held(handler: BaseHTTPRequestHandler) -> None:
        arrived.set()
        go_on.wait(5)
        answer(handler)

    server.answer = held
    clock.now += keys.FRESH_SECONDS + 1
    with ThreadPoolExecutor(1) as pool:
        fetching = pool.submit(client_keys, client, "e1", "ES256")
        assert arrived.wait(5)
        assert client_keys(client, "e1", "ES256") == [EC]
        assert not fetching.done()
        go_on.set()
        assert fetching.result(5) == [EC]


def test_who_has_old_keys_needs_no_place_to_wait(server: JsonServer, clock: Clock) -> None:
    client = remote(server)
    assert client_keys(client, "e1", "ES256") == [EC]
    clock.now += keys.FRESH_SECONDS + 1
    with all_seats_taken(KEYS, client.as_tenant):
        assert client_keys(client, "e1", "ES256") == [EC]
    assert len(server.requests) == 1


def test_the_memory_for_key_sets_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "MOST_SETS", 3)
    monkeypatch.setattr(keys, "_inline_sets", {})
    for number in range(10):
        client_keys(inline(public_jwk("ES256"), client_id=f"c{number}"), None, "ES256")
    assert len(keys._inline_sets) == 3
