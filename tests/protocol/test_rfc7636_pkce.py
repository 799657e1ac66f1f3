"""Proof Key for Code Exchange. RFC 7636 sections 4.1 to 4.6; RFC 9700 sections 2.1.1 and 4.8."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.battery import assert_refused
from tests.support.doors import Browser, Send
from tests.support.relying_party import RelyingParty, s256, sign_in

UNRESERVED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
# Appendix B.
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@pytest.fixture
def compat(send: Send) -> RelyingParty:
    """A confidential client that may go without PKCE."""
    return RelyingParty.register(send, "oidc-compat")


def test_appendix_b_the_specifications_own_example(web: RelyingParty, alice: object) -> None:
    code = web.code_for(alice, code_challenge=CHALLENGE)
    assert web.redeem(code, code_verifier=VERIFIER).status == 200


@pytest.mark.parametrize("length", [43, 44, 127, 128])
def test_4_1_verifiers_of_every_allowed_length(
    web: RelyingParty, alice: object, length: int
) -> None:
    web.verifier = (UNRESERVED * 2)[:length]
    assert web.redeem(web.code_for(alice)).status == 200


@pytest.mark.parametrize(
    "verifier",
    ["", "v", "v" * 42, "v" * 129, "v" * 5000, "v" * 42 + "+", "v" * 42 + "/", "v" * 42 + " ",
     "\u0661" * 43, "v" * 42 + "\u00e9", "v" * 43 + "%"],
    ids=ascii,
)  # fmt: skip
def test_4_1_no_other_verifier_even_if_the_hash_is_right(
    web: RelyingParty, alice: object, verifier: str
) -> None:
    """A client that takes weak verifiers must not be led to believe that they protect it."""
    code = web.code_for(alice, code_challenge=s256(verifier))
    assert assert_refused(web.redeem(code, code_verifier=verifier or None), 400)


@pytest.mark.parametrize(
    ("challenge", "method"),
    [
        (None, None),
        (None, "S256"),
        (CHALLENGE, None),
        (CHALLENGE, "plain"),
        (VERIFIER, "plain"),
        (CHALLENGE, "s256"),
        (CHALLENGE, "S512"),
        (CHALLENGE, "none"),
        (CHALLENGE[:-1], "S256"),
        (CHALLENGE + "=", "S256"),
        (CHALLENGE.replace("-", "+"), "S256"),
        (CHALLENGE + "A", "S256"),
        ("\u00e9" * 43, "S256"),
    ],
    ids=str,
)
@pytest.mark.parametrize("profile", ["web", "spa"])
def test_4_4_1_s256_or_nothing(
    send: Send,
    browser: Browser,
    alice: object,
    profile: str,
    challenge: str | None,
    method: str | None,
) -> None:
    client = RelyingParty.register(send, profile)
    sign_in(browser, alice)
    client.consented_by(alice)
    answer = client.authorize(browser, code_challenge=challenge, code_challenge_method=method)
    members = assert_refused(answer, redirected_to=client.redirect_uri)
    assert members["error"] == "invalid_request"
    assert members["state"] == client.state


@pytest.mark.parametrize(
    ("challenge", "method"), [(None, "S256"), (CHALLENGE, None), (CHALLENGE, "plain")]
)
def test_where_pkce_is_optional_half_of_it_is_still_an_error(
    compat: RelyingParty, browser: Browser, challenge: str | None, method: str | None
) -> None:
    answer = compat.authorize(browser, code_challenge=challenge, code_challenge_method=method)
    members = assert_refused(answer, redirected_to=compat.redirect_uri)
    assert members["error"] == "invalid_request"


def test_rfc9700_4_8_2_no_downgrade(compat: RelyingParty, alice: object) -> None:
    """A challenge that was sent binds, and one that was not cannot be made up for."""
    code = compat.code_for(alice)
    assert compat.redeem(code, code_verifier=None).json()["error"] == "invalid_grant"
    assert compat.redeem(code).status == 200
    code = compat.code_for(alice, code_challenge=None, code_challenge_method=None)
    assert compat.redeem(code, code_verifier=VERIFIER).json()["error"] == "invalid_grant"
    assert compat.redeem(code, code_verifier=None).status == 200


def test_rfc9700_4_5_a_stolen_code_is_worth_nothing_with_the_thiefs_own_verifier(
    spa: RelyingParty, alice: object
) -> None:
    """Code injection: the thief starts a flow, and puts in a victim's code."""
    stolen = spa.code_for(alice)
    victims, spa.verifier = spa.verifier, VERIFIER
    spa.code_for(alice)
    assert spa.redeem(stolen).json()["error"] == "invalid_grant"
    assert spa.redeem(stolen, code_verifier=victims).status == 200


@given(verifier=st.text(UNRESERVED, min_size=43, max_size=128))
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_4_6_exactly_the_verifier_of_the_challenge(
    web: RelyingParty, alice: object, verifier: str
) -> None:
    web.verifier = VERIFIER
    code = web.code_for(alice)
    answer = web.redeem(code, code_verifier=verifier)
    assert answer.status == (200 if verifier == VERIFIER else 400)
    web.verifier = verifier
    assert web.redeem(web.code_for(alice)).status == 200
