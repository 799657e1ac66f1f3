"""Spec: OAuth 2.0 Form Post Response Mode, at a real browser, with scripts and without."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs, urlencode

import pytest
from playwright.sync_api import BrowserContext, Route

from tests.browser.journey import log_in
from tests.support.stack import Person, Stack

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("stack")]

# `.invalid` never resolves: what arrives there is caught inside the browser.
REDIRECT_URI = "https://client.invalid/callback?kept=1"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"  # RFC 7636, appendix B


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_the_answer_is_posted(
    new_context: Callable[..., BrowserContext], stack: Stack, person: Person, scripts: bool
) -> None:
    client = stack.create_client("web", "--redirect-uri", REDIRECT_URI, "--trusted")
    request = {
        "response_type": "code",
        "response_mode": "form_post",
        "client_id": client["client_id"],
        "redirect_uri": REDIRECT_URI,
        "scope": "openid",
        "state": '"><script>/* state */</script>',
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    page = new_context(java_script_enabled=scripts).new_page()
    posted: list[tuple[str, dict[str, list[str]]]] = []

    def receive(route: Route) -> None:
        body = route.request.post_data or ""
        posted.append((route.request.method, parse_qs(body, strict_parsing=True)))
        route.fulfill(status=200, content_type="text/plain", body="received")

    page.route("https://client.invalid/**", receive)
    page.goto(f"{stack.issuer}/oauth2/authorize?{urlencode(request)}")
    log_in(page, person)
    if not scripts:
        page.click("form[method=post] [type=submit]")
    page.wait_for_url(REDIRECT_URI)
    [(method, form)] = posted
    assert method == "POST"
    assert form.keys() == {"code", "state", "iss", "session_state"}
    assert form["state"] == [request["state"]]
    assert form["iss"] == [stack.issuer]
