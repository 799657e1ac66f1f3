"""A guard lasts exactly as long as what it guards is accepted. RFC 7523 section 3, item 7."""

from __future__ import annotations

import json
import time
from hashlib import sha256
from typing import Any

import pytest
import time_machine

from oidc.clients import flood
from oidc.stores.guard_lifetime import CLOCK_DIFFERENCE_SECONDS
from oidc.stores.redis.cluster import cluster
from tests.protocol.test_core_6_request_objects import KEY, object_of, public_jwk, send_object
from tests.protocol.test_rfc7523_private_key_jwt import Signer, assert_invalid_client
from tests.support.doors import Browser, Send
from tests.support.relying_party import RelyingParty, sign_in

SKEW = 10
MARGIN = CLOCK_DIFFERENCE_SECONDS


@pytest.fixture
def signer(send: Send) -> Signer:
    return Signer(send)


def guard_lifetime(purpose: str, client: RelyingParty, jti: str) -> float:
    """Return the time to live of a guard, as `stores.base.ReplayGuards` names it; -2: none."""
    digest = sha256(json.dumps((purpose, client.client_id, jti)).encode()).hexdigest()
    commands: Any = cluster().commands()
    return float(commands.pttl(f"replay:{digest}")) / 1000


@pytest.mark.parametrize("expires_in", [60, 1, 0, -5, -9, 3600, 60.75])
def test_the_guard_lasts_to_the_end_of_the_window_and_no_longer(
    signer: Signer, expires_in: float
) -> None:
    with time_machine.travel(time.time(), tick=False):
        signer.send(signer.assertion(jti="one", exp=time.time() + expires_in))
    lifetime = guard_lifetime("client_assertion", signer.client, "one")
    accepted_for = expires_in + SKEW
    assert accepted_for + MARGIN - 0.5 < lifetime <= accepted_for + MARGIN + 1


@pytest.mark.parametrize(
    ("after_expiry", "status"), [(SKEW - 1, 200), (SKEW, 401), (SKEW + 1, 401)]
)
def test_the_last_second_of_an_assertion(signer: Signer, after_expiry: int, status: int) -> None:
    now = int(time.time())
    assertion = signer.assertion(iat=now, exp=now + 60)
    with time_machine.travel(now + 60 + after_expiry, tick=False):
        assert signer.send(assertion).status == status
        assert_invalid_client(signer.send(assertion))  # a second time it never is


@pytest.mark.parametrize(("early_by", "status"), [(SKEW, 200), (SKEW + 1, 401)])
def test_an_assertion_of_a_client_whose_clock_is_ahead(
    signer: Signer, early_by: int, status: int
) -> None:
    now = int(time.time())
    assertion = signer.assertion(iat=now, nbf=now, exp=now + 60)
    with time_machine.travel(now - early_by, tick=False):
        assert signer.send(assertion).status == status


def test_the_guard_of_a_request_object(send: Send, alice: Any) -> None:
    client = RelyingParty.register(send, jwks={"keys": [public_jwk(KEY)]})
    browser = Browser(send)
    sign_in(browser, alice)
    client.consented_by(alice)
    with time_machine.travel(int(time.time()) + 0.25, tick=False):
        send_object(browser, client, object_of(client, jti="one", exp=int(time.time()) + 60))
    lifetime = guard_lifetime("request_object", client, "one")
    assert 60 - 0.25 + SKEW + MARGIN - 0.5 < lifetime <= 60 + SKEW + MARGIN + 1


@pytest.mark.parametrize("exp", [2_000_000_000_000, 10**30, str(10**30), 10**400])
def test_a_request_object_that_would_have_to_be_remembered_for_ages(
    send: Send, alice: Any, exp: int | str
) -> None:
    client = RelyingParty.register(send, jwks={"keys": [public_jwk(KEY)]})
    browser = Browser(send)
    sign_in(browser, alice)
    answer = send_object(browser, client, object_of(client, jti="one", exp=exp))
    assert answer.redirect_members.get("error", answer.status) in ("invalid_request_object", 400)


def test_a_flood_of_values_ends_in_429(
    signer: Signer, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flood, "_window", flood.Window())
    limits = {"rate_limits": True, "replay_guards_per_minute": 3}
    settings.GATEHOUSE = {**settings.GATEHOUSE, **limits}
    other = Signer(signer.client.send)
    with time_machine.travel(int(time.time()) // 60 * 60 + 20, tick=False):
        assert [signer.send(signer.assertion()).status for _ in range(4)] == [200, 200, 200, 429]
        refused = signer.send(signer.assertion())
        assert refused.header("Retry-After") == "40"
        assert refused.json()["error"] == "temporarily_unavailable"
        assert other.send(other.assertion()).status == 200
        signer.send(signer.assertion(jti="too many"))
        assert guard_lifetime("client_assertion", signer.client, "too many") < 0
    with time_machine.travel(int(time.time()) // 60 * 60 + 61, tick=False):
        assert signer.send(signer.assertion()).status == 200


def test_a_forged_assertion_is_not_counted(
    signer: Signer, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody can use up the allowance of another one."""
    monkeypatch.setattr(flood, "_window", flood.Window())
    limits = {"rate_limits": True, "replay_guards_per_minute": 1}
    settings.GATEHOUSE = {**settings.GATEHOUSE, **limits}
    for _ in range(3):
        forged = signer.assertion().rpartition(".")[0] + "." + "A" * 86
        assert_invalid_client(signer.send(forged))
    assert signer.send(signer.assertion()).status == 200
