"""Apps on people's devices: where they may return to, and who has to be asked. RFC 8252."""

from __future__ import annotations

from typing import Any

import pytest

from oidc.clients.service import create_client
from tests.support.doors import Browser, Send
from tests.support.relying_party import RelyingParty, sign_in

LOOPBACK = ("http://127.0.0.1/cb", "http://[::1]:3000/cb", "http://localhost:3000/cb")
ON_ANOTHER_PORT = ("http://127.0.0.1:4711/cb", "http://[::1]:4711/cb", "http://localhost:4711/cb")


def party(send: Send, profile: str, uris: tuple[str, ...], **metadata: Any) -> RelyingParty:
    created = create_client("App", profile, metadata={"redirect_uris": list(uris), **metadata})
    return RelyingParty(
        send, created.client.client_id, created.client_secret, scope="openid", redirect_uri=uris[0]
    )


PUBLIC = {
    "spa": ("spa", {}),
    "native": ("native", {}),
    "public oidc-compat": ("oidc-compat", {"token_endpoint_auth_method": "none"}),
    "native with a secret": ("native", {"token_endpoint_auth_method": "client_secret_basic"}),
}


@pytest.mark.parametrize("redirect_uri", ON_ANOTHER_PORT)
@pytest.mark.parametrize(("profile", "metadata"), PUBLIC.values(), ids=PUBLIC)
def test_7_3_an_app_takes_the_port_that_is_free(
    send: Send,
    browser: Browser,
    alice: Any,
    profile: str,
    metadata: dict[str, Any],
    redirect_uri: str,
) -> None:
    app = party(send, profile, LOOPBACK, **metadata)
    app.redirect_uri = redirect_uri
    sign_in(browser, alice)
    answer = app.authorize(browser, prompt="none")
    assert answer.location.startswith(f"{redirect_uri}?")
    assert answer.redirect_members["error"] == "consent_required"


@pytest.mark.parametrize("redirect_uri", ON_ANOTHER_PORT)
@pytest.mark.parametrize("profile", ["web", "agent", "oidc-compat"])
def test_7_3_an_app_on_a_server_has_its_port(
    send: Send, browser: Browser, profile: str, redirect_uri: str
) -> None:
    app = party(send, profile, LOOPBACK)
    assert app.authorize(browser, redirect_uri=redirect_uri).status == 400


def test_7_3_a_code_comes_to_that_port_and_is_redeemed(send: Send, alice: Any) -> None:
    app = party(send, "spa", LOOPBACK, trusted=True)
    app.redirect_uri = "http://localhost:4711/cb"
    assert app.tokens_for(alice)["id_token"]


@pytest.mark.parametrize(
    ("profile", "metadata", "uris", "redirect_uri", "asked"),
    [
        ("spa", {}, LOOPBACK, "http://localhost:3000/cb", False),
        ("spa", {}, LOOPBACK, "http://localhost:4711/cb", True),
        ("spa", {"private_use_schemes": ["app"]}, ("app:/cb",), "app:/cb", True),
        ("web", {"private_use_schemes": ["app"]}, ("app:/cb",), "app:/cb", False),
        ("native", {}, LOOPBACK, "http://localhost:3000/cb", True),
        (
            "native",
            {"token_endpoint_auth_method": "client_secret_basic"},
            LOOPBACK,
            "http://localhost:3000/cb",
            True,
        ),
    ],
)
def test_8_6_a_remembered_consent_does_not_count_where_another_app_may_listen(
    send: Send,
    browser: Browser,
    alice: Any,
    profile: str,
    metadata: dict[str, Any],
    uris: tuple[str, ...],
    redirect_uri: str,
    asked: bool,
) -> None:
    app = party(send, profile, uris, **metadata)
    app.redirect_uri = redirect_uri
    app.consented_by(alice)
    sign_in(browser, alice)
    members = app.authorize(browser, prompt="none").redirect_members
    assert members.get("error") == ("consent_required" if asked else None)
