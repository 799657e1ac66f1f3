"""The language of the pages: `ui_locales`, `claims_locales`, `display`.

OpenID Connect Core 1.0 section 3.1.2.1; RP-Initiated Logout 1.0 section 2; Discovery 1.0 section 3.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import jwt
import pytest

from oidc.languages import chosen_language
from tests.protocol.test_interaction_pages import csrf, log_in
from tests.support.doors import FORM, Answer, Browser, Send
from tests.support.relying_party import ISSUER, RelyingParty, sign_in
from tests.support.signing_out import FRONT_CHANNEL, register, signed_in_through

SIGN_IN = {"en": "Sign in", "de": "Anmelden", "fr": "Se connecter", "es": "Iniciar sesión"}
SIGN_OUT = {
    "en": "Sign out?",
    "de": "Abmelden?",
    "fr": "Se déconnecter\u00a0?",
    "es": "¿Cerrar sesión?",
}


def language_of(page: Answer) -> str:
    assert page.status in (200, 400), page.text
    return page.text.partition('<html lang="')[2][:2]


def says(page: Answer, text: str) -> bool:
    return f"<h1>{text}</h1>" in page.text


def ask(send: Send, accept_language: str = "") -> Browser:
    """Return a browser that asks for languages with every request, as browsers do."""

    def send_with_language(
        method: str, path: str, query: str, body: bytes, headers: dict[str, str]
    ) -> Answer:
        return send(method, path, query, body, {"Accept-Language": accept_language, **headers})

    return Browser(send_with_language if accept_language else send)


@pytest.mark.parametrize(
    ("ui_locales", "accept_language", "chosen"),
    [
        ("", "", "en"),
        ("de", "", "de"),
        ("de-AT", "", "de"),
        ("DE-ch-1996", "", "de"),
        ("se nl fr-CA de", "es", "fr"),
        ("en de", "fr", "en"),
        ("se", "es-MX,en;q=0.5", "es"),
        ("", "nl, fr;q=0.2, de;q=0.8", "de"),
        ("", "*", "en"),
        ("", "nl", "en"),
        ("../../etc/passwd", "../..", "en"),
        ("x" * 5000, "x" * 5000, "en"),
        ("\u0000 \u202e de", "", "de"),
    ],
    ids=range(13),
)
def test_the_first_language_that_we_speak(
    ui_locales: str, accept_language: str, chosen: str
) -> None:
    assert chosen_language(ui_locales, accept_language) == chosen


@pytest.mark.parametrize("language", SIGN_IN)
def test_a_whole_sign_in_speaks_the_language_of_the_app(
    send: Send, web: RelyingParty, alice: Any, language: str
) -> None:
    browser = ask(send, "nl")
    answer = web.authorize(browser, ui_locales=f"se {language}", prompt="consent select_account")
    log_in_page = browser.follow(answer)
    assert language_of(log_in_page) == language
    assert says(log_in_page, SIGN_IN[language])
    consent = log_in(browser, answer, alice)
    assert 'value="allow"' in consent.text
    assert language_of(consent) == language
    choice = browser.follow(web.authorize(browser, ui_locales=language, prompt="select_account"))
    assert 'value="continue"' in choice.text
    assert language_of(choice) == language
    again = browser.follow(web.authorize(browser, ui_locales=language, prompt="login"))
    assert language_of(again) == language
    assert again.header("Content-Language") == language


def test_without_ui_locales_the_browser_chooses(send: Send, web: RelyingParty) -> None:
    german = ask(send, "de-CH,de;q=0.9,en;q=0.8")
    assert language_of(german.follow(web.authorize(german))) == "de"
    dutch = ask(send, "nl")
    assert language_of(dutch.follow(web.authorize(dutch))) == "en"


def test_two_tabs_may_speak_two_languages(send: Send, web: RelyingParty) -> None:
    browser = ask(send, "fr")
    first = browser.get(web.authorize(browser, ui_locales="de").location).location
    second = browser.get(web.authorize(browser, ui_locales="es").location).location
    third = browser.get(web.authorize(browser).location).location
    assert [language_of(browser.get(path)) for path in (first, second, third)] == ["de", "es", "fr"]


def test_a_request_object_chooses_the_language(
    send: Send, browser: Browser, web: RelyingParty
) -> None:
    client = RelyingParty.register(send, request_object_signing_alg="none")
    claims = client.parameters(ui_locales="de") | {"iss": client.client_id, "aud": ISSUER}
    request = jwt.encode(claims, None, algorithm="none")
    page = browser.follow(client.authorize(browser, request=request, ui_locales="fr"))
    assert language_of(page) == "de"


def test_what_is_wrong_with_a_log_in_is_said_in_that_language(
    browser: Browser, web: RelyingParty, alice: Any
) -> None:
    path = browser.get(web.authorize(browser, ui_locales="de").location).location
    page = browser.get(path)
    following = unquote(path.partition("next=")[2])
    fields = {"login": alice.username, "password": "wrong", "next": following}
    refused = browser.post(path, csrf(page) | fields)
    assert "Der Benutzername oder das Passwort ist falsch." in refused.text
    assert language_of(refused) == "de"


def test_an_error_page_speaks_it_and_the_next_page_on_that_thread_does_not(
    browser: Browser, web: RelyingParty
) -> None:
    german = web.authorize(browser, ui_locales="de", redirect_uri="https://evil.example/")
    assert german.status == 400
    assert language_of(german) == "de"
    assert says(german, "Diese Anmeldung kann nicht weitergehen")
    assert "redirect_uri ist für diese Anwendung nicht registriert." in german.text
    english = web.authorize(browser, redirect_uri="https://evil.example/")
    assert language_of(english) == "en"
    assert "redirect_uri is not registered for this application." in english.text


def test_an_error_page_speaks_the_language_of_the_browser(send: Send, web: RelyingParty) -> None:
    page = ask(send, "fr").get("/oauth2/authorize", client_id="nobody")
    assert language_of(page) == "fr"
    assert language_of(ask(send, "es").get("/interaction/nothing")) == "es"


def test_a_request_that_cannot_be_read_is_answered_in_it(send: Send) -> None:
    for language in ("en", "de", "fr"):
        page = send("PUT", "/oauth2/authorize", "", b"", {"Accept-Language": language})
        assert page.status == 405
        assert f'<html lang="{language}">' in page.text


def test_what_goes_to_the_client_is_english(send: Send, web: RelyingParty) -> None:
    browser = ask(send, "de")
    refused = web.authorize(browser, ui_locales="de", prompt="none login")
    assert refused.redirect_members["error_description"].isascii()
    assert "prompt" in refused.redirect_members["error_description"]
    headers = {"Accept-Language": "de", "Content-Type": FORM}
    answer = send("POST", "/oauth2/token", "", b"grant_type=nonsense", headers)
    assert answer.json()["error_description"].isascii()
    in_english = send("POST", "/oauth2/token", "", b"grant_type=nonsense", {"Content-Type": FORM})
    assert answer.text == in_english.text


@pytest.mark.parametrize("prompt", [None, "none login"], ids=["a code", "an error"])
def test_a_form_post_page_speaks_it(
    send: Send, web: RelyingParty, alice: Any, prompt: str | None
) -> None:
    browser = Browser(send)
    sign_in(browser, alice)
    web.consented_by(alice)
    page = web.authorize(browser, response_mode="form_post", ui_locales="de", prompt=prompt)
    assert says(page, "Zurück zur Anwendung")
    assert language_of(page) == "de"
    page = web.authorize(browser, response_mode="form_post", prompt=prompt)
    assert language_of(page) == "en"


def test_display_changes_nothing(browser: Browser, web: RelyingParty) -> None:
    """The pages fit a window of any size: see the pictures that `tests/browser` looks at."""
    for display in ("page", "popup", "touch", "wap", "hologram"):
        assert says(browser.follow(web.authorize(browser, display=display)), "Sign in")


def test_claims_locales_changes_nothing(send: Send, web: RelyingParty, alice: Any) -> None:
    tokens = web.tokens_for(alice, claims_locales="de fr")
    assert web.userinfo(tokens["access_token"]).json()["name"] == "Alice Liddell"


def test_metadata_names_what_there_is(send: Send) -> None:
    metadata = send("GET", "/.well-known/openid-configuration", "", b"", {}).json()
    assert metadata["ui_locales_supported"] == list(SIGN_IN)
    assert metadata["display_values_supported"] == ["page", "popup", "touch"]
    assert "claims_locales_supported" not in metadata


@pytest.mark.parametrize("language", SIGN_OUT)
def test_a_sign_out_speaks_the_language_of_the_app(send: Send, alice: Any, language: str) -> None:
    browser, client = ask(send, "nl"), register(send)
    signed_in_through(browser, client, alice)
    path = browser.get("/oauth2/logout", ui_locales=f"se {language}").location
    page = browser.get(path)
    assert says(page, SIGN_OUT[language])
    assert language_of(page) == language
    signed_out = browser.follow(browser.post(path, csrf(page)))
    assert language_of(signed_out) == language


def test_a_sign_out_that_broke_a_rule_speaks_it_too(
    send: Send, browser: Browser, alice: Any
) -> None:
    signed_in_through(browser, register(send), alice)
    page = browser.follow(browser.get("/oauth2/logout", id_token_hint="x", ui_locales="de"))
    assert says(page, SIGN_OUT["de"])
    assert "hat einen Fehler gemacht" in page.text


def test_the_page_of_frames_speaks_it(send: Send, alice: Any) -> None:
    browser, client = ask(send, "fr"), register(send, frontchannel_logout_uri=FRONT_CHANNEL)
    hint = signed_in_through(browser, client, alice)["id_token"]
    page = browser.follow(browser.get("/oauth2/logout", id_token_hint=hint, ui_locales="de"))
    assert says(page, "Du bist abgemeldet")
    assert 'data-told="informiert"' in page.text
    assert 'href="/accounts/signed-out/?ui_locales=de"' in page.text


def test_the_admin_is_english_and_not_half_of_it(send: Send, django_user_model: Any) -> None:
    browser = ask(send, "de")
    sign_in(browser, django_user_model.objects.create_superuser("root", password="x" * 12))
    page = browser.get("/admin/")
    assert page.status == 200
    assert 'lang="en"' in page.text
    assert "Benutzer" not in page.text
