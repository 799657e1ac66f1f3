"""prompt=create. Spec: Initiating User Registration via OpenID Connect 1.0 sections 4 and 5."""

from __future__ import annotations

import pytest
from django.conf import LazySettings

from oidc.endpoints.metadata import provider_metadata
from tests.support.doors import Browser
from tests.support.relying_party import RelyingParty


@pytest.fixture
def sign_up_open(settings: LazySettings) -> None:
    settings.GATEHOUSE = settings.GATEHOUSE | {"sign_up_open": True}
    settings.SIGN_UP_OPEN = True


def test_leads_to_the_sign_up_page(browser: Browser, web: RelyingParty, sign_up_open: None) -> None:
    page = browser.follow(web.authorize(browser, prompt="create"))
    assert "Create an account" in page.text
    assert "create" in provider_metadata()["prompt_values_supported"]


def test_is_unknown_where_nobody_may_sign_up(browser: Browser, web: RelyingParty) -> None:
    """Better an error for the app than a page where the person cannot go on."""
    answer = web.authorize(browser, prompt="create")
    assert answer.redirect_members["error"] == "invalid_request"
    assert "create" not in provider_metadata()["prompt_values_supported"]
