"""Several machines never agree on the time: a token made by one is good at the next."""

from __future__ import annotations

import time

import pytest
import time_machine

from tests.support.doors import Browser
from tests.support.relying_party import RelyingParty, sign_in


@pytest.mark.parametrize(("ahead_seconds", "status"), [(8, 200), (30, 401)])
def test_access_token_of_a_machine_whose_clock_is_ahead(
    web: RelyingParty, alice: object, ahead_seconds: int, status: int
) -> None:
    with time_machine.travel(time.time() + ahead_seconds, tick=False):
        tokens = web.tokens_for(alice)
    assert web.userinfo(tokens["access_token"]).status == status
    assert web.introspect(tokens["access_token"]).json()["active"] == (status == 200)


def test_the_tolerance_does_not_lengthen_a_tokens_life(web: RelyingParty, alice: object) -> None:
    tokens = web.tokens_for(alice)
    with time_machine.travel(time.time() + tokens["expires_in"] + 1, tick=False):
        assert web.userinfo(tokens["access_token"]).status == 401


def test_id_token_hint_of_a_machine_whose_clock_is_ahead(
    browser: Browser, web: RelyingParty, alice: object
) -> None:
    with time_machine.travel(time.time() + 8, tick=False):
        hint = web.tokens_for(alice)["id_token"]
    sign_in(browser, alice)
    assert "code" in web.authorize(browser, prompt="none", id_token_hint=hint).redirect_members
