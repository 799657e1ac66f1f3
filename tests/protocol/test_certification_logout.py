"""The plans RP-Initiated Logout, Session Management, Front-Channel and Back-Channel Logout.

Each test is named after its module. What its screenshots would show is looked for in the page. The
iframe of Session Management runs in `test_session_management.py` and, with a real browser, in
`browser/test_signing_out.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import jwt
import pytest

from oidc.keys import ring
from oidc.logout.delivery import Deliveries
from tests.protocol.certification import Outcome, Suite
from tests.support.doors import Answer, Send, send_to_wsgi
from tests.support.receiver import Receiver, receiving
from tests.support.relying_party import ISSUER, new_person
from tests.support.signing_out import (
    AFTER_LOGOUT,
    FRONT_CHANNEL,
    asks,
    confirm,
    frames,
    is_signed_out_page,
    log_out,
)
from tests.support.tokens import verified

STATE = "s" * 128
TARGET = re.compile(r'<a class="button" href="([^"]+)">Continue</a>')
NEEDS_A_PERSON = {
    "login_required", "interaction_required", "consent_required", "account_selection_required",
}  # fmt: skip


@pytest.fixture
def send(db: None) -> Send:
    """One door is enough here: other tests compare the two."""
    ring.forget()
    return send_to_wsgi


@pytest.fixture(autouse=True)
def registration_is_open(registration: Any) -> None:
    """Clients register themselves, and their servers are on this machine."""
    registration("open", fetch_private_addresses=True)


@pytest.fixture
def begin(send: Send) -> Callable[..., Suite]:
    """Make a client that may have people sent back after a sign-out."""

    def begin(**metadata: Any) -> Suite:
        return Suite(send, new_person(), post_logout_redirect_uris=[AFTER_LOGOUT], **metadata)

    return begin


def request_of(outcome: Outcome, **changes: str | None) -> dict[str, str]:
    """Return the suite's request to sign out; None removes a parameter."""
    request: dict[str, str | None] = {
        "id_token_hint": outcome.raw_id_token,
        "post_logout_redirect_uri": AFTER_LOGOUT,
        "state": STATE,
    }
    return {name: value for name, value in (request | changes).items() if value is not None}


def assert_signed_out(suite: Suite) -> None:
    assert suite.error(suite.authorize(prompt="none")) in NEEDS_A_PERSON


def assert_returned(answer: Answer) -> None:
    assert answer.location == f"{AFTER_LOGOUT}?state={STATE}"


def without_signature(outcome: Outcome) -> str:
    claims = jwt.decode(outcome.raw_id_token, options={"verify_signature": False})
    return jwt.encode(claims, None, "none")


# --- RP-Initiated Logout --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("plan", "promised"),
    [
        ("rp-initiated", {"end_session_endpoint": f"{ISSUER}/oauth2/logout"}),
        ("session-management", {"check_session_iframe": f"{ISSUER}/oauth2/check_session"}),
        (
            "frontchannel",
            {"frontchannel_logout_supported": True, "frontchannel_logout_session_supported": True},
        ),
        (
            "backchannel",
            {"backchannel_logout_supported": True, "backchannel_logout_session_supported": True},
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_oidcc_discovery_endpoint_verification(
    send: Send, plan: str, promised: dict[str, Any]
) -> None:
    metadata = send("GET", "/.well-known/openid-configuration", "", b"", {}).json()
    assert promised.items() <= metadata.items()


def test_oidcc_rp_initiated_logout(begin: Callable[..., Suite]) -> None:
    suite = begin()
    outcome = suite.sign_in()
    assert_returned(log_out(suite.browser, **request_of(outcome)))
    assert_signed_out(suite)


def test_oidcc_rp_initiated_logout_no_state(begin: Callable[..., Suite]) -> None:
    suite = begin()
    outcome = suite.sign_in()
    assert log_out(suite.browser, **request_of(outcome, state=None)).location == AFTER_LOGOUT
    assert_signed_out(suite)


def test_oidcc_rp_initiated_logout_no_post_logout_redirect_uri(
    begin: Callable[..., Suite],
) -> None:
    suite = begin()
    outcome = suite.sign_in()
    page = log_out(suite.browser, **request_of(outcome, post_logout_redirect_uri=None))
    assert is_signed_out_page(page)
    assert_signed_out(suite)


@pytest.mark.parametrize("parameters", [{}, {"state": STATE}], ids=["no-params", "only-state"])
def test_oidcc_rp_initiated_logout_no_params_and_only_state(
    begin: Callable[..., Suite], parameters: dict[str, str]
) -> None:
    """The person confirms, and then sees that it is done."""
    suite = begin()
    suite.sign_in()
    path = suite.browser.get("/oauth2/logout", **parameters).location
    page = suite.browser.get(path)
    assert asks(page)
    assert is_signed_out_page(suite.browser.follow(confirm(suite.browser, page, path)))
    assert_signed_out(suite)


NEVER_BACK: dict[str, Callable[[Outcome], dict[str, str | None]]] = {
    "bad-post-logout-redirect-uri": lambda _: {"post_logout_redirect_uri": f"{AFTER_LOGOUT}/bad"},
    "query-added-to-post-logout-redirect-uri": lambda _: {
        "post_logout_redirect_uri": f"{AFTER_LOGOUT}?foo=bar"
    },
    "bad-id-token-hint": lambda outcome: {"id_token_hint": outcome.raw_id_token[:-20] + "A" * 20},
    "modified-id-token-hint": lambda outcome: {"id_token_hint": without_signature(outcome)},
    "no-id-token-hint": lambda _: {"id_token_hint": None},
}


@pytest.mark.parametrize("module", NEVER_BACK)
def test_oidcc_rp_initiated_logout_never_leads_back(
    begin: Callable[..., Suite], module: str
) -> None:
    """There is a page, which says that something is wrong, and still none back after it."""
    suite = begin()
    changes = NEVER_BACK[module](suite.sign_in())
    outcome = suite.sign_in()
    path = suite.browser.get("/oauth2/logout", **request_of(outcome, **changes)).location
    page = suite.browser.get(path)
    assert asks(page)
    assert "The app that sent you here made a mistake" in page.text
    assert is_signed_out_page(suite.browser.follow(confirm(suite.browser, page, path)))


# --- Session Management ---------------------------------------------------------------------------


def test_oidcc_session_management_rp_initiated_logout(begin: Callable[..., Suite]) -> None:
    suite = begin()
    outcome = suite.sign_in()
    assert re.fullmatch(r"[^ ]+", outcome.members["session_state"])
    assert "gatehouse_browser_state" in suite.browser.cookies
    assert_returned(log_out(suite.browser, **request_of(outcome)))
    assert "gatehouse_browser_state" not in suite.browser.cookies


# --- Front-Channel Logout -------------------------------------------------------------------------


def test_oidcc_frontchannel_rp_initiated_logout(begin: Callable[..., Suite]) -> None:
    suite = begin(frontchannel_logout_uri=FRONT_CHANNEL, frontchannel_logout_session_required=True)
    outcome = suite.sign_in()
    page = log_out(suite.browser, **request_of(outcome))
    sid = outcome.id_token["sid"]
    assert frames(page) == [f"{FRONT_CHANNEL}?iss=http%3A%2F%2Flocalhost%3A8000&sid={sid}"]
    assert TARGET.search(page.text).group(1) == f"{AFTER_LOGOUT}?state={STATE}"
    assert_signed_out(suite)


# --- Back-Channel Logout --------------------------------------------------------------------------


@pytest.fixture
def receiver() -> Any:
    with receiving() as receiver:
        yield receiver


def test_oidcc_backchannel_rp_initiated_logout(
    send: Send, begin: Callable[..., Suite], receiver: Receiver
) -> None:
    suite = begin(backchannel_logout_uri=receiver.uri, backchannel_logout_session_required=True)
    outcome = suite.sign_in()
    assert_returned(log_out(suite.browser, **request_of(outcome)))
    deliveries = Deliveries()
    while deliveries.step(5):
        pass
    deliveries.finish()
    [delivery] = receiver.deliveries
    assert delivery.form.keys() == {"logout_token"}
    claims = verified(send, delivery.token, suite.client.client_id)
    assert claims["events"] == {"http://schemas.openid.net/event/backchannel-logout": {}}
    assert (claims["sub"], claims["sid"]) == (outcome.id_token["sub"], outcome.id_token["sid"])
    assert claims.keys() >= {"iss", "aud", "iat", "jti"}
    assert "nonce" not in claims
    assert_signed_out(suite)
