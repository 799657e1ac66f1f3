"""Clients in the admin: a newcomer registers one, and is told what is wrong where it is wrong."""

from __future__ import annotations

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from accounts.models import User
from oidc.clients.profiles import PROFILES
from oidc.clients.repository import find_client
from oidc.clients.service import create_client
from oidc.models.client import OAuthClient
from tests.admin.client_pages import LIST, REDIRECT_URI, ClientPages, errors_at, text_of
from tests.admin.conftest import PASSWORD
from tests.clients.keys_for_tests import private_jwk

UNSAFE = re.compile(r"<script(?![^>]*\bsrc=)[^>]*>|<style|\sstyle=|\son[a-z]+=")


def test_the_form_for_a_new_client_asks_for_four_things(pages: ClientPages) -> None:
    page = pages.browser.get(f"{LIST}add/")
    fields = page.context["adminform"].form.fields
    assert list(fields) == ["client_name", "profile", "redirect_uris", "scope"]
    for profile in PROFILES.values():
        assert profile.description in text_of(page)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_client_of_every_kind_can_be_made_opened_and_saved(
    pages: ClientPages, profile: str
) -> None:
    client = pages.made(profile)
    assert client.profile == profile
    page = pages.open(client)
    assert page.status_code == 200
    before = OAuthClient.objects.filter(pk=client.pk).values().get()
    assert pages.change(client).status_code == 302
    after = OAuthClient.objects.filter(pk=client.pk).values().get()
    before.pop("updated_at"), after.pop("updated_at")
    assert before == after


def test_what_was_left_empty_stays_as_preset(pages: ClientPages) -> None:
    assert pages.made("web").scope == PROFILES["web"].scope
    assert pages.made("machine", scope="api").scope == "api"


@pytest.mark.parametrize(
    ("entries", "field", "message"),
    [
        ({"redirect_uris": "http://app.example/cb"}, "redirect_uris", "Entry 1: "),
        ({"redirect_uris": f"{REDIRECT_URI}\r\n\r\njavascript:x"}, "redirect_uris", "Entry 2: "),
        ({"redirect_uris": ""}, "redirect_uris", "one at least"),
        ({"redirect_uris": "https://app.example/*"}, "redirect_uris", "Wildcards"),
        ({"profile": "machine", "redirect_uris": REDIRECT_URI}, "redirect_uris", "no people"),
        ({"scope": 'a"b'}, "scope", "characters"),
        ({"client_name": "a\u202eb"}, "client_name", "control characters"),
        ({"client_name": ""}, "client_name", "required"),
        ({"profile": "other"}, "profile", "valid choice"),
    ],
)
def test_a_refusal_is_shown_at_its_field(
    pages: ClientPages, entries: dict[str, str], field: str, message: str
) -> None:
    answer = pages.add(**entries)
    assert answer.status_code == 200
    assert [message in error for error in errors_at(answer, field)] == [True]
    assert not OAuthClient.objects.exists()


def test_an_admin_allows_schemes_and_insists_on_the_place_of_a_secret(pages: ClientPages) -> None:
    client = pages.made()
    both = f"{REDIRECT_URI}\r\ncursor://app.cursor/cb"
    refused = pages.change(client, redirect_uris=both)
    assert "Entry 2" in errors_at(refused, "redirect_uris")[0]
    pages.change(
        client,
        redirect_uris=both,
        private_use_schemes="cursor\r\n",
        require_registered_auth_method="on",
    )
    client.refresh_from_db()
    assert client.redirect_uris == both.split()
    assert client.private_use_schemes == ["cursor"]
    assert client.require_registered_auth_method
    dangerous = pages.change(client, private_use_schemes="cursor\r\njavascript")
    assert "nobody can allow it" in errors_at(dangerous, "private_use_schemes")[0]


def test_every_address_at_fault_is_shown_at_once(pages: ClientPages) -> None:
    bad = f"http://app.example/\r\n{REDIRECT_URI}\r\njavascript:x\r\ndata:x"
    answer = pages.add(client_name="", redirect_uris=bad)
    told = errors_at(answer, "redirect_uris")
    assert [message.partition(":")[0] for message in told] == ["Entry 1", "Entries 3 and 4"]
    assert "required" in errors_at(answer, "client_name")[0]
    changed = pages.change(pages.made(), redirect_uris=bad, jwks="{")
    assert errors_at(changed, "redirect_uris") == told
    assert "valid JSON" in errors_at(changed, "jwks")[0]


def test_what_was_entered_is_still_there_after_a_refusal(pages: ClientPages) -> None:
    entered = "http://app.example/one\r\nhttps://app.example/two"
    assert f"{entered}</textarea>" in text_of(pages.add(redirect_uris=entered))


@pytest.mark.parametrize(
    ("entries", "field", "message"),
    [
        ({"redirect_uris": ""}, "redirect_uris", "one at least"),
        ({"post_logout_redirect_uris": "x"}, "post_logout_redirect_uris", "Entry 1: "),
        ({"token_endpoint_auth_method": "private_key_jwt"}, "jwks", "needs public keys"),
        ({"token_endpoint_auth_method": "none"}, "token_endpoint_auth_method", "valid choice"),
        ({"jwks": "{"}, "jwks", "valid JSON"),
        ({"jwks": '{"keys": []}'}, "jwks", "JWK set"),
        ({"jwks": '{"keys": []}', "redirect_uris": ""}, "jwks", "JWK set"),
        ({"jwks_uri": "http://app.example/jwks"}, "jwks_uri", "https"),
        ({"logo_uri": "javascript:alert(1)"}, "logo_uri", "https"),
        ({"grant_types": []}, "grant_types", "one at least"),
        ({"access_token_lifetime_seconds": "5"}, "access_token_lifetime_seconds", "30 to 86400"),
        ({"frontchannel_logout_uri": "https://b.example/"}, "frontchannel_logout_uri", "host"),
    ],
)
def test_a_refused_change_is_shown_at_its_field_and_not_made(
    pages: ClientPages, entries: dict[str, str], field: str, message: str
) -> None:
    client = pages.made()
    before = OAuthClient.objects.filter(pk=client.pk).values().get()
    answer = pages.change(client, **entries)
    assert answer.status_code == 200
    assert any(message in error for error in errors_at(answer, field)), errors_at(answer, field)
    assert OAuthClient.objects.filter(pk=client.pk).values().get() == before


def test_a_private_key_is_refused(pages: ClientPages) -> None:
    import json

    client = pages.made()
    keys = json.dumps({"keys": [private_jwk("ES256")]})
    answer = pages.change(client, jwks=keys)
    assert "private members" in errors_at(answer, "jwks")[0]


def test_a_change_is_made_and_seen_by_the_protocol_at_once(pages: ClientPages) -> None:
    client = pages.made()
    assert find_client(client.client_id) is not None
    answer = pages.change(
        client,
        redirect_uris="https://app.example/one\r\n  https://app.example/two  \r\n",
        trusted="on",
        default_max_age="60",
    )
    assert answer.status_code == 302
    found = find_client(client.client_id)
    assert found is not None and found.trusted and found.default_max_age == 60
    assert found.redirect_uris == ("https://app.example/one", "https://app.example/two")


def test_the_page_has_all_that_is_needed_to_connect_an_app(pages: ClientPages) -> None:
    text = text_of(pages.open(pages.made()))
    client = OAuthClient.objects.get()
    for value in (
        "http://localhost:8000/.well-known/openid-configuration",
        "http://localhost:8000/oauth2/authorize",
        "http://localhost:8000/oauth2/token",
        f"OIDC_CLIENT_ID={client.client_id}",
        f"OIDC_REDIRECT_URI={REDIRECT_URI}",
    ):
        assert value in text
    assert '"authority": "http://localhost:8000"' in text_of(pages.open(pages.made("spa")))
    machine = text_of(pages.open(pages.made("machine", scope="api")))
    assert "grant_type=client_credentials" in machine and "/authorize" not in machine


def test_what_is_pasted_into_a_shell_runs_nothing_else(pages: ClientPages) -> None:
    uri = "https://app.example/$(id)"
    assert f"OIDC_REDIRECT_URI='{uri}'" in text_of(pages.open(pages.made(redirect_uris=uri)))
    machine = text_of(pages.open(pages.made("machine", scope="a';id;'")))
    assert "scope=a'\"'\"';id;'\"'\"''" in machine


def test_a_machine_is_not_asked_about_people(pages: ClientPages) -> None:
    form = pages.open(pages.made("machine")).context["adminform"].form
    assert not {"redirect_uris", "trusted", "logo_uri", "require_pkce"} & form.fields.keys()


def test_the_list_finds_filters_and_shows(pages: ClientPages) -> None:
    web, machine = pages.made("web", client_name="Shop"), pages.made("machine", client_name="Job")
    browser = pages.browser

    def found(query: str) -> set[str]:
        return {row.client_name for row in browser.get(f"{LIST}?{query}").context["cl"].result_list}

    assert found("") == {"Shop", "Job"}
    assert found("q=shop") == {"Shop"}
    assert found("q=app.example") == {"Shop"}
    assert found(f"q={machine.client_id}") == {"Job"}
    assert found("profile__exact=machine") == {"Job"}
    pages.press(web, "disable")
    assert found("is_active__exact=0") == {"Shop"}
    assert "Web application" in text_of(browser.get(LIST))


def test_disable_and_enable(pages: ClientPages) -> None:
    client = pages.made()
    answer = pages.press(client, "disable")
    assert answer.status_code == 302
    assert find_client(client.client_id) is None
    assert "This client is disabled" in text_of(pages.open(client))
    pages.press(client, "enable")
    assert find_client(client.client_id) is not None
    assert "This client is disabled" not in text_of(pages.open(client))


def test_deleting_one_and_several(pages: ClientPages) -> None:
    first, second, third = pages.made(), pages.made(), pages.made()
    assert find_client(first.client_id) is not None
    pages.press(first, "delete", post="yes")
    assert find_client(first.client_id) is None
    pages.browser.post(
        LIST,
        {"action": "delete_selected", "_selected_action": [second.pk, third.pk], "post": "yes"},
    )
    assert not OAuthClient.objects.exists()


def test_every_change_is_in_the_history(pages: ClientPages) -> None:
    client = pages.made()
    pages.change(client, client_name="Other")
    pages.press(client, "rotate-secret", overlap_seconds="0")
    pages.press(client, "disable")
    messages = [entry.get_change_message() for entry in LogEntry.objects.order_by("id")]
    assert messages == ["Added.", "Changed Name.", "Rotated the secret.", "Disabled."]
    assert "Rotated the secret." in text_of(pages.open(client, "history"))


@pytest.mark.parametrize("action", ["disable", "enable"])
def test_buttons_answer_to_post_only(pages: ClientPages, action: str) -> None:
    client = pages.made()
    assert pages.open(client, action).status_code == 405
    assert OAuthClient.objects.get().is_active


@pytest.mark.parametrize("action", ["disable", "enable", "rotate-secret"])
def test_buttons_need_the_token_of_the_form(
    pages: ClientPages, superuser: User, action: str
) -> None:
    client = pages.made()
    hashes = OAuthClient.objects.get().client_secrets
    careful = Client(enforce_csrf_checks=True)
    careful.cookies = pages.browser.cookies
    answer = careful.post(pages.url(client, action), {"overlap_seconds": "0"})
    assert answer.status_code == 403
    stored = OAuthClient.objects.get()
    assert stored.is_active and stored.client_secrets == hashes


@pytest.mark.parametrize("action", ["disable", "enable", "rotate-secret"])
@pytest.mark.parametrize("permission", [None, "view_oauthclient", "add_oauthclient"])
def test_buttons_need_the_permission_to_change(
    pages: ClientPages, action: str, permission: str | None
) -> None:
    client = pages.made()
    hashes = OAuthClient.objects.get().client_secrets
    clerk = _clerk(permission)
    assert clerk.get(pages.url(client, action)).status_code in (403, 405)
    assert clerk.post(pages.url(client, action), {"overlap_seconds": "0"}).status_code == 403
    stored = OAuthClient.objects.get()
    assert stored.is_active and stored.client_secrets == hashes


def test_who_may_only_look_sees_no_buttons(pages: ClientPages) -> None:
    client = pages.made()
    text = text_of(_clerk("view_oauthclient").get(pages.url(client)))
    assert client.client_id in text
    assert "rotate-secret" not in text and "/disable/" not in text


@pytest.mark.parametrize("action", ["disable", "enable", "rotate-secret", "change"])
def test_a_client_that_is_not_there(pages: ClientPages, action: str) -> None:
    answer = pages.browser.post(f"{LIST}999/{action}/")
    assert answer.status_code in (302, 404)


def test_strangers_are_sent_to_sign_in(pages: ClientPages, superuser: User) -> None:
    client = pages.made()
    for action in ("change", "rotate-secret", "disable"):
        answer = Client().post(pages.url(client, action))
        assert answer.status_code == 302 and "login" in answer["Location"]
    assert OAuthClient.objects.get().is_active


def test_no_page_needs_an_unsafe_policy(pages: ClientPages) -> None:
    client = pages.made()
    answers = [
        pages.browser.get(LIST),
        pages.browser.get(f"{LIST}add/"),
        pages.add(),
        pages.open(client),
        pages.open(client, "rotate-secret"),
        pages.press(client, "rotate-secret", overlap_seconds="0"),
        pages.open(client, "delete"),
        pages.open(client, "history"),
    ]
    for answer in answers:
        assert answer.status_code == 200
        assert "unsafe" not in answer["Content-Security-Policy"]
        assert not UNSAFE.findall(answer.content.decode())


def test_a_name_is_never_markup(pages: ClientPages) -> None:
    name = "<img src=x onerror=alert(1)>"
    answer = pages.add(client_name=name)
    client = OAuthClient.objects.get()
    for page in (answer, pages.open(client), pages.browser.get(LIST)):
        assert name not in page.content.decode()
        assert name in text_of(page)


def _clerk(permission: str | None) -> Client:
    """Return a browser of a staff member with one permission about clients."""
    from django.contrib.auth.models import Permission

    clerk = User.objects.create_user("clerk", "clerk@example.org", PASSWORD, is_staff=True)
    if permission is not None:
        clerk.user_permissions.add(Permission.objects.get(codename=permission))
    browser = Client()
    assert browser.post("/accounts/login/", {"login": "clerk", "password": PASSWORD}).status_code
    return browser


def test_clients_of_an_origin_that_nobody_noted_have_a_filter_with_a_name(
    staff: Client, pages: ClientPages
) -> None:
    noted = pages.made()
    create_client("Older", "machine")
    page = text_of(staff.get(LIST))
    assert not re.search(r"<a (?![^>]*\btitle=)[^>]*>\s*</a>", page)
    assert 'href="?origin=unknown"' in page
    assert "Older" in text_of(staff.get(f"{LIST}?origin=unknown"))
    assert f">{noted.client_name}<" not in text_of(staff.get(f"{LIST}?origin=unknown"))
    assert f">{noted.client_name}<" in text_of(staff.get(f"{LIST}?origin=admin"))
