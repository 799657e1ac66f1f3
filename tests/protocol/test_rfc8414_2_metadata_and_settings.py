"""The metadata says what there is, with each setting on and off: what it promises is used, and what
it leaves out is refused. RFC 8414 section 2; OpenID Connect Discovery 1.0 section 3.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import Any

import pytest

from oidc.conf import Configuration
from oidc.endpoints import metadata as endpoint
from tests.protocol.registering import initial_access_token, register
from tests.support.doors import Browser, Send
from tests.support.relying_party import ISSUER, RelyingParty

DOCUMENTS = ("/.well-known/openid-configuration", "/.well-known/oauth-authorization-server")
NEUTRAL: dict[str, Any] = {
    "redis_wait_replicas": 0,
    "redis_deadline_seconds": 4.0,
    "redis_plaintext_allowed": True,
    "fetch_private_addresses": True,
    "rate_limits": False,
    "replay_guards_per_minute": 5,
    "kept_bytes_per_minute": 1_000_000,
    "registration_profile": "strict",
    "registration_scopes": ("openid", "tools"),
    "registration_schemes": ("cursor",),
    "registrations_per_hour": 5,
    "registration_unused_days": 1,
    "software_statement_issuers": {"https://trusted.example": {"jwks": {"keys": []}}},
    "code_lifetime_seconds": 30,
    "access_token_lifetime_seconds": 60,
    "id_token_lifetime_seconds": 60,
    "refresh_token_idle_seconds": 60,
    "refresh_token_absolute_seconds": 60,
    "refresh_token_grace_seconds": 0,
    "refresh_token_retry_seconds": 0,
    "grants_per_person_and_client": 5,
    "interaction_lifetime_seconds": 60,
    "session_lifetime_seconds": 60,
    "client_cache_seconds": 0,
    "events_inline": False,
}
"""Settings of which clients need to know nothing, with a value that is not the default."""
SWITCHES = {"registration", "global_token_revocation_clients", "sign_up_open"}
NAMES_AND_SECRETS = {
    "issuer", "base_path", "secret_keys", "redis_url", "session_cookie_name",
    "browser_cookie_name", "browser_state_cookie_name", "cookie_secure",
}  # fmt: skip
"""An issuer of another form has tests of its own, in `test_rfc8414_3_1_issuer_with_a_path.py`."""


@pytest.fixture(autouse=True)
def fresh_documents() -> Iterator[None]:
    """A process prepares the documents once; its settings never change."""
    endpoint._prepared.cache_clear()
    yield
    endpoint._prepared.cache_clear()


@pytest.fixture
def published(send: Send, settings: Any) -> Callable[..., dict[str, Any]]:
    """Change settings, and read the metadata by both of its addresses."""

    def published(**changes: Any) -> dict[str, Any]:
        settings.GATEHOUSE = {**settings.GATEHOUSE, **changes}
        endpoint._prepared.cache_clear()
        first, second = (send("GET", path, "", b"", {}).json() for path in DOCUMENTS)
        assert first == second
        return first

    return published


Published = Callable[..., dict[str, Any]]


@pytest.fixture
def metadata(published: Published) -> dict[str, Any]:
    return published()


# --- Settings -------------------------------------------------------------------------------------


def test_every_setting_is_a_switch_or_neutral() -> None:
    known = NEUTRAL.keys() | SWITCHES | NAMES_AND_SECRETS
    assert known == {field.name for field in fields(Configuration)}


def test_neutral_settings_change_nothing(published: Published, settings: Any) -> None:
    before = published()
    settings.SESSION_COOKIE_SAMESITE = "None"
    assert published(**NEUTRAL) == before


def test_registration_off_is_not_promised_and_refused(send: Send, published: Published) -> None:
    assert "registration_endpoint" not in published(registration="off")
    assert register(send).status == 403


@pytest.mark.parametrize("kind", ["token", "open"])
def test_registration_is_promised_and_works(send: Send, published: Published, kind: str) -> None:
    assert published(registration=kind)["registration_endpoint"] == f"{ISSUER}/oauth2/register"
    assert register(send).status == (401 if kind == "token" else 201)
    assert register(send, initial_access_token()).status == 201


def revoke_globally(send: Send, client: RelyingParty, person: Any) -> int:
    scope = "global_token_revocation"
    token = client.token({"grant_type": "client_credentials", "scope": scope}).json()
    body = {"sub_id": {"format": "iss_sub", "iss": ISSUER, "sub": str(person.pk)}}
    headers = {
        "Content-Type": "application/json",
        "Authorization": f"Bearer {token['access_token']}",
    }
    path = "/oauth2/global-token-revocation"
    return send("POST", path, "", json.dumps(body).encode(), headers).status


def test_global_token_revocation_works_where_it_is_promised_and_nowhere_else(
    send: Send, published: Published, alice: Any
) -> None:
    client = RelyingParty.register(send, "machine", scope="global_token_revocation")
    off = published(global_token_revocation_clients=())
    assert not [name for name in off if name.startswith("global_")]
    assert revoke_globally(send, client, alice) == 403
    on = published(global_token_revocation_clients=(client.client_id,))
    assert on["global_token_revocation_endpoint"] == f"{ISSUER}/oauth2/global-token-revocation"
    assert on["global_token_revocation_endpoint_auth_methods_supported"] == ["Bearer"]
    assert revoke_globally(send, client, alice) == 204


def test_prompt_create_works_where_it_is_promised_and_nowhere_else(
    browser: Browser, web: RelyingParty, published: Published, settings: Any
) -> None:
    assert "create" not in published(sign_up_open=False)["prompt_values_supported"]
    answer = web.authorize(browser, prompt="create")
    assert answer.redirect_members["error"] == "invalid_request"
    settings.SIGN_UP_OPEN = True
    assert "create" in published(sign_up_open=True)["prompt_values_supported"]
    assert "Create an account" in browser.follow(web.authorize(browser, prompt="create")).text
