"""Keys of clients that have to be fetched. Core 1.0 section 10.1.1; RFC 7523 section 3."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from oidc.clients import keys
from oidc.clients.waiting import DOCUMENTS, KEYS, Tenant
from tests.clients.json_server import JsonServer, document, serving
from tests.clients.keys_for_tests import PRIVATE_KEYS, jwk_of, public_jwk
from tests.support.assertions import Signer, assert_invalid_client
from tests.support.doors import Send
from tests.support.slow_servers import all_seats_taken


@pytest.fixture
def jwks_server(settings: Any) -> Iterator[JsonServer]:
    """The client's own server, which hands out its keys."""
    settings.GATEHOUSE = {**settings.GATEHOUSE, "fetch_private_addresses": True}
    with serving(document({"keys": [public_jwk("ES256", kid="one")]})) as server:
        yield server


@pytest.fixture
def remote(send: Send, jwks_server: JsonServer) -> Signer:
    """A client whose keys have to be fetched."""
    return Signer(send, jwks=None, jwks_uri=f"http://127.0.0.1:{jwks_server.port}/jwks.json")


def test_keys_are_fetched_once(remote: Signer, jwks_server: JsonServer) -> None:
    for _ in range(3):
        assert remote.send(remote.assertion()).status == 200
    assert [path for path, _ in jwks_server.requests] == ["/jwks.json"]


def test_core_10_1_1_a_rotated_key_is_fetched_when_its_id_is_seen(
    remote: Signer, jwks_server: JsonServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "PAUSE_SECONDS", 0)
    assert remote.send(remote.assertion()).status == 200
    remote.private_key = ec.generate_private_key(ec.SECP256R1())
    assert_invalid_client(remote.send(remote.assertion("two")))
    new = jwk_of("ES256", remote.private_key.public_key()) | {"kid": "two"}
    jwks_server.answer = document({"keys": [new]})
    assert remote.send(remote.assertion("two")).status == 200
    remote.private_key = PRIVATE_KEYS["ES256"]
    assert_invalid_client(remote.send(remote.assertion("one")))


def test_made_up_key_ids_do_not_flood_the_clients_server(
    remote: Signer, jwks_server: JsonServer
) -> None:
    for number in range(5):
        assert_invalid_client(remote.send(remote.assertion(f"made-up-{number}")))
    assert len(jwks_server.requests) == 1


def test_a_slow_server_of_a_client_does_not_take_every_thread(
    remote: Signer, jwks_server: JsonServer
) -> None:
    with all_seats_taken(KEYS, Tenant(remote.client_id)):
        answer = remote.send(remote.assertion())
        assert (answer.status, answer.json()["error"]) == (503, "temporarily_unavailable")
        assert answer.header("Retry-After") == "2"
        assert not jwks_server.requests
    assert remote.send(remote.assertion()).status == 200


def test_slow_servers_of_others_do_not_keep_a_client_from_proving_who_it_is(
    remote: Signer, jwks_server: JsonServer
) -> None:
    """One client with many addresses, in every place that it can have, and a crowd of strangers."""
    slow = Tenant("slow")
    crowd = [Tenant(f"stranger {number}", is_stranger=True) for number in range(20)]
    with all_seats_taken(DOCUMENTS, slow, *crowd), all_seats_taken(KEYS, slow):
        assert remote.send(remote.assertion()).status == 200
    keys._remote_sets.clear()
    with all_seats_taken(KEYS, *crowd):
        assert remote.send(remote.assertion()).status == 200
    assert len(jwks_server.requests) == 2


@pytest.mark.parametrize("content", [[], {"keys": "x"}, {"keys": [{}]}, {}, "x"], ids=str)
def test_keys_that_cannot_be_read(remote: Signer, jwks_server: JsonServer, content: Any) -> None:
    jwks_server.answer = document(content)
    assert_invalid_client(remote.send(remote.assertion()))


def test_a_server_that_is_down(remote: Signer, jwks_server: JsonServer) -> None:
    jwks_server.server.socket.close()
    assert_invalid_client(remote.send(remote.assertion()))


def test_private_addresses_are_not_asked_by_default(
    remote: Signer, jwks_server: JsonServer, settings: Any
) -> None:
    settings.GATEHOUSE = {**settings.GATEHOUSE, "fetch_private_addresses": False}
    assert_invalid_client(remote.send(remote.assertion()))
    assert not jwks_server.requests
