"""Pairwise clients and `sector_identifier_uri`: OpenID Connect Registration 1.0 section 5."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from oidc.clients import remote
from oidc.clients.waiting import DOCUMENTS, Tenant
from tests.clients.json_server import JsonServer, body, document, make_certificate, serving
from tests.protocol.registering import call, path_of, register
from tests.support.doors import Answer, Send
from tests.support.slow_servers import all_seats_taken

NAME = "sector.example"
ONE, OTHER = "https://one.example/cb", "https://other.example/cb"


@pytest.fixture
def sector(
    registration: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[JsonServer]:
    """The server of the sector's owner: https, under a name that leads to this machine."""
    registration("open", fetch_private_addresses=True)
    certificate = make_certificate(tmp_path / "server.pem", NAME)
    genuine = socket.getaddrinfo

    def lookup(host: Any, *args: Any, **kwargs: Any) -> Any:
        return genuine("127.0.0.1" if host == NAME else host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    remote._tls_context.cache_clear()
    with serving(document([ONE, OTHER]), certificate) as server:
        yield server
    remote._tls_context.cache_clear()


def uri_of(sector: JsonServer) -> str:
    return f"https://{NAME}:{sector.port}/uris.json"


def assert_refused(answer: Answer) -> None:
    assert (answer.status, answer.json()["error"]) == (400, "invalid_client_metadata")
    assert "sector_identifier_uri" in answer.json()["error_description"]


def test_several_hosts_need_a_sector(send: Send, sector: JsonServer) -> None:
    pairwise = {"subject_type": "pairwise", "redirect_uris": [ONE, OTHER]}
    assert_refused(register(send, **pairwise))
    made = register(send, **pairwise, sector_identifier_uri=uri_of(sector))
    assert made.status == 201
    assert made.json()["subject_type"] == "pairwise"
    assert made.json()["sector_identifier_uri"] == uri_of(sector)


def test_one_host_is_a_sector_of_its_own(send: Send, open_registration: None) -> None:
    uris = [ONE, "https://one.example/other"]
    answer = register(send, subject_type="pairwise", redirect_uris=uris)
    assert (answer.status, answer.json()["subject_type"]) == (201, "pairwise")


def test_an_app_with_a_scheme_of_its_own_has_no_host(send: Send, open_registration: None) -> None:
    native = {"application_type": "native", "redirect_uris": ["com.example.app:/cb"]}
    assert_refused(register(send, subject_type="pairwise", **native))


@pytest.mark.parametrize(
    "answer",
    [
        document([ONE]),
        document([]),
        document({"uris": [ONE, OTHER]}),
        document([ONE, OTHER, 7]),
        document(f"{ONE} {OTHER}"),
        body(b"<html>"),
        body(b"gone", 404),
        body(b"", 302, Location="https://one.example/"),
    ],
)
def test_5_the_document_must_list_every_redirect_uri(
    send: Send, sector: JsonServer, answer: Any
) -> None:
    sector.answer = answer
    assert_refused(register(send, redirect_uris=[ONE, OTHER], sector_identifier_uri=uri_of(sector)))


def test_a_slow_owner_does_not_take_every_thread(send: Send, sector: JsonServer) -> None:
    with all_seats_taken(DOCUMENTS, Tenant("a stranger", is_stranger=True)):
        made = register(send, redirect_uris=[ONE, OTHER], sector_identifier_uri=uri_of(sector))
    assert_refused(made)
    assert not sector.requests


def test_5_it_must_be_https(send: Send, registration: Any) -> None:
    registration("open", fetch_private_addresses=True)
    with serving(document([ONE])) as server:
        uri = f"http://127.0.0.1:{server.port}/uris.json"
        assert_refused(register(send, redirect_uris=[ONE], sector_identifier_uri=uri))
        assert not server.requests


def test_a_replacement_is_checked_too(send: Send, sector: JsonServer) -> None:
    made = register(send, redirect_uris=[ONE], sector_identifier_uri=uri_of(sector)).json()
    replacement = {
        "client_id": made["client_id"],
        "redirect_uris": [ONE, "https://third.example/cb"],
        "sector_identifier_uri": uri_of(sector),
    }
    token = made["registration_access_token"]
    assert_refused(call(send, "PUT", path_of(made), replacement, token))
    asked = len(sector.requests)
    same = {**replacement, "redirect_uris": [ONE]}
    assert call(send, "PUT", path_of(made), same, token).status == 200
    assert len(sector.requests) == asked, "nothing that it vouches for has changed"


def test_the_address_leads_nowhere_inside(send: Send, sector: JsonServer, settings: Any) -> None:
    settings.GATEHOUSE = {**settings.GATEHOUSE, "fetch_private_addresses": False}
    assert_refused(register(send, redirect_uris=[ONE], sector_identifier_uri=uri_of(sector)))
    assert not sector.requests
