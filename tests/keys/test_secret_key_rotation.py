"""Rotating SECRET_KEY: with the old one among the fallbacks nobody notices; without it every token
is refused as any other bad token, and never with a 500."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from oidc.keys import ring
from oidc.stores.redis import sign_ons
from oidc.stores.redis.counters import counters
from tests.keys.test_derived_keys import NEW, OLD, use_keys
from tests.support.doors import Browser, send_to_wsgi
from tests.support.relying_party import RelyingParty, new_person, sign_in


@pytest.fixture(autouse=True)
def _own_keys(db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Signing keys that were made under the old secret key, and parsed by nobody yet."""
    from oidc.models import SigningKey

    SigningKey.objects.all().delete()
    monkeypatch.setattr(ring, "_parsed", {})
    use_keys(settings, OLD)
    ring.forget()
    yield
    ring.forget()


@pytest.fixture
def web() -> RelyingParty:
    return RelyingParty.register(send_to_wsgi)


def restart(settings: Any, *secret_keys: str) -> None:
    """Begin anew with other secret keys, as a process that remembers nothing."""
    use_keys(settings, *secret_keys)
    ring._parsed.clear()
    ring.forget()


def test_everything_goes_on_while_the_old_key_is_a_fallback(
    web: RelyingParty, settings: Any
) -> None:
    alice = new_person()
    tokens, code, browser = web.tokens_for(alice), web.code_for(alice), Browser(send_to_wsgi)
    sign_in(browser, alice)
    restart(settings, NEW, OLD)
    assert web.userinfo(tokens["access_token"]).status == 200
    assert web.introspect(tokens["access_token"]).json()["active"]
    assert web.introspect(tokens["refresh_token"]).json()["active"]
    assert web.redeem(code).status == 200
    assert "code" in web.authorize(browser, prompt="none").redirect_members
    refreshed = web.refresh(tokens["refresh_token"])
    assert refreshed.status == 200

    # What was refreshed meanwhile outlives the old key; it is made with the new one.
    made_with_new = refreshed.json()["refresh_token"]
    assert made_with_new[:2] != tokens["refresh_token"][:2]


def test_the_grace_spans_a_rotation(web: RelyingParty, settings: Any) -> None:
    """The successor is computed: a lost answer is given again, under the new key."""
    first = web.tokens_for(new_person())["refresh_token"]
    lost = web.refresh(first).json()["refresh_token"]
    restart(settings, NEW, OLD)
    again = web.refresh(first).json()["refresh_token"]
    assert again != lost
    assert web.refresh(again).status == 200


def test_two_processes_with_the_keys_in_either_order_understand_each_other(
    web: RelyingParty, settings: Any
) -> None:
    """While a rotation is rolled out, old and new processes answer the same client in turns."""
    token = web.tokens_for(new_person())["refresh_token"]
    for secret_keys in ((NEW, OLD), (OLD, NEW), (NEW, OLD), (OLD, NEW)):
        restart(settings, *secret_keys)
        answer = web.refresh(token)
        assert answer.status == 200
        token = answer.json()["refresh_token"]


def test_a_dropped_key_makes_refresh_tokens_and_codes_invalid(
    web: RelyingParty, settings: Any
) -> None:
    alice = new_person()
    tokens, code = web.tokens_for(alice), web.code_for(alice)
    use_keys(settings, NEW)  # the process has parsed its signing keys before
    before = counters.round_trips
    assert web.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert web.redeem(code).json()["error"] == "invalid_grant"
    assert web.introspect(tokens["refresh_token"]).json() == {"active": False}
    assert web.revoke(tokens["refresh_token"]).status == 200
    assert web.userinfo(tokens["access_token"]).status == 401
    assert web.introspect(tokens["access_token"]).json() == {"active": False}
    assert web.revoke(tokens["access_token"]).status == 200
    assert counters.round_trips == before  # whom they belong to cannot even be read
    use_keys(settings, OLD)
    assert web.redeem(code).status == 200
    assert web.refresh(tokens["refresh_token"]).status == 200


def test_signing_keys_that_cannot_be_decrypted_are_an_outage_with_a_reason(
    web: RelyingParty, settings: Any
) -> None:
    alice = new_person()
    tokens, code = web.tokens_for(alice), web.code_for(alice)
    restart(settings, NEW)
    assert web.redeem(code).status == 400
    answer = web.userinfo(tokens["access_token"])
    assert (answer.status, answer.json()["error"]) == (503, "temporarily_unavailable")
    assert send_to_wsgi("GET", "/.well-known/jwks.json", "", b"", {}).status == 503
    ready = send_to_wsgi("GET", "/health/ready", "", b"", {})
    assert ready.status == 503
    assert "SECRET_KEY_FALLBACKS" in ready.json()["checks"]["signing_keys"]
    restart(settings, NEW, OLD)
    assert send_to_wsgi("GET", "/health/ready", "", b"", {}).status == 200
    assert web.userinfo(tokens["access_token"]).status == 200


def test_a_dropped_key_signs_every_browser_out(web: RelyingParty, settings: Any) -> None:
    """At the protocol door as at the pages, and nobody gets a 500."""
    alice, browser = new_person(), Browser(send_to_wsgi)
    sign_in(browser, alice)
    web.consented_by(alice)
    assert "code" in web.authorize(browser, prompt="none").redirect_members
    restart(settings, NEW)
    assert web.authorize(browser, prompt="none").redirect_members["error"] == "login_required"
    assert "/accounts/login/" in browser.get("/accounts/").location


def test_people_stay_signed_in_and_can_still_be_signed_out(
    web: RelyingParty, settings: Any
) -> None:
    """Their place on the cluster does not depend on the secret key."""
    alice = new_person()
    tokens = web.tokens_for(alice)
    restart(settings, NEW, OLD)
    assert sign_ons.list_for_user(str(alice.pk))
    sign_ons.end_all(str(alice.pk))
    assert web.userinfo(tokens["access_token"]).status == 401
