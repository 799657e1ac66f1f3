"""Logos of apps: fetched by the worker, kept, and served from here, as pictures and nothing else.

RFC 7591 section 5 (`logo_uri`); OWASP Server-Side Request Forgery Prevention Cheat Sheet; Content
Security Policy Level 3 (`img-src`, `sandbox`).
"""

from __future__ import annotations

import re
import threading
import zlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.utils import timezone

from oidc.clients import logos
from oidc.clients.picture import SVG, picture_type
from oidc.clients.repository import find_client
from oidc.clients.service import create_client, update_client
from oidc.errors import StoreUnavailable
from oidc.management.commands import worker
from oidc.models import ClientLogo, OAuthClient
from tests.clients.json_server import JsonServer, body, serving
from tests.support.doors import Answer, Browser, send_to_wsgi
from tests.support.relying_party import REDIRECT_URI, RelyingParty


def chunk(name: bytes, data: bytes = b"") -> bytes:
    checksum = zlib.crc32(name + data).to_bytes(4)
    return len(data).to_bytes(4) + name + data + checksum


def png(data: bytes) -> bytes:
    """Return the chunks of a picture. Nobody here decodes what is in them."""
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", b"size") + chunk(b"IDAT", data) + chunk(b"IEND")


PNG, OTHER_PNG = png(b"picture"), png(b"another")
IMAGE = re.compile(r'<img src="([^"]+)" alt="">')
ROOT = Path(django_settings.BASE_DIR)

pytestmark = pytest.mark.django_db


@pytest.fixture
def server(settings: Any) -> Iterator[JsonServer]:
    settings.GATEHOUSE = {**settings.GATEHOUSE, "fetch_private_addresses": True}
    with serving(body(PNG)) as running:
        yield running


def make_client(logo_uri: str, **metadata: Any) -> OAuthClient:
    members = {"redirect_uris": [REDIRECT_URI], "logo_uri": logo_uri, **metadata}
    return create_client("Notes", "web", metadata=members).client


@pytest.fixture
def client(server: JsonServer) -> OAuthClient:
    return make_client(f"http://127.0.0.1:{server.port}/logo.png")


def address(client: OAuthClient) -> str:
    found = find_client(client.client_id)
    assert found is not None
    return found.logo_address


def get(path: str) -> Answer:
    return send_to_wsgi("GET", path, "", b"", {})


def make_due(client: OAuthClient) -> None:
    ClientLogo.objects.filter(client=client).update(ask_again_at=timezone.now())


def test_it_is_fetched_once_and_served_from_here(client: OAuthClient, server: JsonServer) -> None:
    assert address(client) == ""
    assert (logos.fetch_logos(), logos.fetch_logos()) == (1, 0)
    assert len(server.requests) == 1
    answer = get(address(client))
    assert (answer.status, answer.body) == (200, PNG)
    assert answer.header("Content-Type") == "image/png"
    assert answer.header("X-Content-Type-Options") == "nosniff"
    assert "sandbox" in answer.header("Content-Security-Policy")
    assert "default-src 'none'" in answer.header("Content-Security-Policy")
    assert "immutable" in answer.header("Cache-Control")


def test_pages_show_the_copy_and_nothing_from_outside(
    client: OAuthClient, server: JsonServer
) -> None:
    party = RelyingParty(send_to_wsgi, client.client_id, None)
    for fetched in (False, True):
        if fetched:
            logos.fetch_logos()
        browser = Browser(send_to_wsgi)
        page = browser.follow(party.authorize(browser))
        assert IMAGE.findall(page.text) == ([address(client)] if fetched else [])
        assert str(server.port) not in page.text
        assert re.search(r"img-src 'self' data:(;|$)", page.header("Content-Security-Policy"))
    assert len(server.requests) == 1


def test_a_page_waits_for_no_logo(client: OAuthClient, server: JsonServer) -> None:
    party = RelyingParty(send_to_wsgi, client.client_id, None)
    browser = Browser(send_to_wsgi)
    assert browser.follow(party.authorize(browser)).status == 200
    assert server.requests == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<html><script>alert(1)</script></html>", "not a PNG"),
        (b"", "not a PNG"),
        (PNG + b"x" * logos.MOST_BYTES, "too large"),
        (PNG[:-4] + b"....", "not a PNG"),
    ],
    ids=["a page", "nothing", "too large", "broken"],
)
def test_what_is_no_picture_leaves_the_letter(
    client: OAuthClient, server: JsonServer, content: bytes, reason: str
) -> None:
    server.answer = body(content)
    assert logos.fetch_logos() == 1
    assert address(client) == ""
    assert reason in ClientLogo.objects.get().problem


def cut_short(handler: Any) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(PNG) + 5))
    handler.end_headers()
    handler.wfile.write(PNG)


@pytest.mark.parametrize("answer", [body(PNG, status=404), cut_short], ids=["404", "cut short"])
def test_a_failure_is_tried_again_later(
    client: OAuthClient, server: JsonServer, answer: Callable[[Any], None]
) -> None:
    server.answer = answer
    assert (logos.fetch_logos(), logos.fetch_logos()) == (1, 0)
    assert address(client) == ""
    server.answer = body(PNG)
    make_due(client)
    assert logos.fetch_logos() == 1
    assert get(address(client)).body == PNG
    assert ClientLogo.objects.get().problem == ""


def test_a_copy_that_cannot_be_renewed_stays(client: OAuthClient, server: JsonServer) -> None:
    logos.fetch_logos()
    before = address(client)
    server.answer = body(b"", status=500)
    make_due(client)
    assert logos.fetch_logos() == 1
    assert address(client) == before
    assert get(before).body == PNG


def test_a_new_picture_has_a_new_address(client: OAuthClient, server: JsonServer) -> None:
    logos.fetch_logos()
    before = address(client)
    server.answer = body(OTHER_PNG)
    make_due(client)
    logos.fetch_logos()
    assert address(client) != before
    assert get(address(client)).body == OTHER_PNG
    assert get(before).status == 404


def test_another_address_makes_the_copy_worthless_at_once(
    client: OAuthClient, server: JsonServer
) -> None:
    logos.fetch_logos()
    update_client(client, {"logo_uri": f"http://127.0.0.1:{server.port}/other.png"})
    assert address(client) == ""
    server.answer = body(b"", status=500)
    logos.fetch_logos()
    assert address(client) == ""
    assert not ClientLogo.objects.get().content


def test_copies_are_renewed_after_a_week_and_failures_after_an_hour(
    client: OAuthClient, server: JsonServer
) -> None:
    for answer, after in ((body(PNG), timedelta(days=7)), (body(b""), timedelta(hours=1))):
        server.answer = answer
        make_due(client) if ClientLogo.objects.exists() else None
        logos.fetch_logos()
        waits = ClientLogo.objects.get().ask_again_at - timezone.now()
        assert after - timedelta(minutes=1) < waits <= after


def test_apps_that_registered_themselves_come_last(
    server: JsonServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logos, "AT_ONCE", 2)
    for number, origin in enumerate(("registration", "registration", "admin", "")):
        members = {
            "redirect_uris": [REDIRECT_URI],
            "logo_uri": f"http://127.0.0.1:{server.port}/{number}",
        }
        create_client(f"App {number}", "web", metadata=members, origin=origin)
    assert logos.fetch_logos() == 2
    assert {path for path, _ in server.requests} == {"/2", "/3"}


@pytest.mark.parametrize(
    "logo_uri", ["http://127.0.0.1:{port}/x", "https://127.0.0.1:{port}/x", "https://[::1]/x"]
)
def test_our_own_network_is_not_for_it(server: JsonServer, settings: Any, logo_uri: str) -> None:
    settings.GATEHOUSE = {**settings.GATEHOUSE, "fetch_private_addresses": False}
    client = make_client(logo_uri.format(port=server.port))
    assert logos.fetch_logos() == 1
    assert (address(client), server.requests) == ("", [])
    assert ClientLogo.objects.get().problem


def test_a_disabled_client_is_not_asked_for_its_logo(
    client: OAuthClient, server: JsonServer
) -> None:
    OAuthClient.objects.update(is_active=False)
    assert (logos.fetch_logos(), server.requests) == (0, [])


@pytest.mark.parametrize("name", ["", "x", "a" * 64, "../etc", "%00"])
def test_another_name_is_not_found(client: OAuthClient, name: str) -> None:
    logos.fetch_logos()
    answer = get(f"/logos/{name}")
    assert answer.status == 404
    ClientLogo.objects.update(sha256="")
    assert get(f"/logos/{name}").status == 404


def test_a_logo_goes_with_its_client(client: OAuthClient) -> None:
    logos.fetch_logos()
    client.delete()
    assert not ClientLogo.objects.exists()


# --- What a picture is ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0JFIF\xff\xd9", "image/jpeg"),
        (b"GIF89a.;", "image/gif"),
        (b"GIF87a.;\0", "image/gif"),
        (b"RIFF\x08\x00\x00\x00WEBPVP8 ", "image/webp"),
        (PNG[:-12], None),
        (PNG.replace(b"picture", b"Picture"), None),
        (PNG[:8] + b"\xff\xff\xff\xff" + PNG[12:], None),
        (b"\xff\xd8\xff\xe0JFIF", None),
        (b"GIF89a.", None),
        (b"RIFF\x09\x00\x00\x00WEBPVP8 ", None),
        (b"<svg><g></svg>", None),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", SVG),
        (b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- a --><!-- b -->\n<!DOCTYPE svg>\n<svg/>", SVG),
        (b"<!DOCTYPE svg [<!ENTITY a 'aaaa'>]><svg>&a;</svg>", None),
        (b"<svg><!ENTITY a 'b'></svg>", None),
        (b"<html><svg></svg></html>", None),
        (b"<svgx>", None),
        (b"RIFF\x00\x00\x00\x00WAVE", None),
        (b"BM\x00\x00", None),
        (b"\xff\xfe<\x00s\x00v\x00g\x00", None),
        (b"%PDF-1.7", None),
    ],
)
def test_the_bytes_decide(content: bytes, media_type: str | None) -> None:
    assert picture_type(content) == media_type


def test_no_text_keeps_the_worker_busy() -> None:
    """An expression that tries every combination would not come back."""
    for hostile in (b"<!---->" * 18_000, b" " * logos.MOST_BYTES, b"<!--" * 30_000):
        assert picture_type(hostile) is None


# --- The worker, and pages ------------------------------------------------------------------------


def test_the_worker_fetches_beside_the_rest_until_it_is_told_to_stop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stopping, rounds = threading.Event(), []

    def fetch() -> int:
        rounds.append(len(rounds))
        if len(rounds) == 1:
            raise StoreUnavailable("down")
        if len(rounds) == 3:
            stopping.set()
        return 1

    monkeypatch.setattr(worker, "fetch_logos", fetch)
    monkeypatch.setattr(worker, "LOGO_SECONDS", 0)
    worker._keep_logos(stopping)
    assert rounds == [0, 1, 2]


def test_no_template_loads_anything_from_outside() -> None:
    loads = re.compile(r"<(?:img|script|link|iframe|source|object|embed|video|audio)\b[^>]*>")
    ours = re.compile(
        r"""(?:src|href)="(?:{% static |{{ (?:client\.logo_address|channel\.uri) }})"""
    )
    templates = [*ROOT.glob("accounts/templates/**/*.html"), *ROOT.glob("oidc/templates/**/*.html")]
    tags = [tag for path in templates for tag in loads.findall(path.read_text())]
    assert len(tags) >= 8
    assert [tag for tag in tags if not ours.search(tag)] == []
