"""Sign-up is closed unless the operator opens it."""

from __future__ import annotations

import re

import pytest
from django.conf import LazySettings
from django.core import mail
from django.test import Client

from accounts.authentication import authentication_context
from accounts.models import User

PASSWORD = "nine patient herons"


def sign_up(client: Client, **changes: str) -> object:
    form = {
        "username": "carol",
        "email": "carol@example.org",
        "password1": PASSWORD,
        "password2": PASSWORD,
    }
    return client.post("/accounts/signup/", {**form, **changes})


def test_closed_by_default(client: Client, db: None) -> None:
    page = client.get("/accounts/signup/")
    assert "by invitation" in page.content.decode()
    assert "/accounts/signup/" not in client.get("/accounts/login/").content.decode()

    sign_up(client)
    assert not User.objects.exists()


@pytest.fixture
def opened(settings: LazySettings) -> None:
    settings.SIGN_UP_OPEN = True


@pytest.mark.usefixtures("opened", "db")
class TestOpened:
    def test_the_log_in_page_leads_there(self, client: Client) -> None:
        page = client.get("/accounts/login/?next=/interaction/abc").content.decode()
        assert 'href="/accounts/signup/?next=%2Finteraction%2Fabc"' in page

    def test_it_signs_in_and_tells_since_when(self, client: Client) -> None:
        assert sign_up(client, next="/interaction/abc")["Location"] == "/interaction/abc"
        context = authentication_context(dict(client.session))
        assert context is not None
        assert context.user_id == str(User.objects.get().pk)
        assert context.amr == ("pwd",)

    def test_the_address_is_verified_by_the_link_only(
        self, client: Client, settings: LazySettings
    ) -> None:
        sign_up(client)
        assert not User.objects.get().email_verified
        match = re.search(r"https?://\S+", mail.outbox[-1].body)
        assert match is not None
        assert match[0].startswith(f"{settings.ISSUER}/accounts/confirm-email/")
        path = match[0].removeprefix(settings.ISSUER)

        assert "Confirm your e-mail" in client.get(path).content.decode()
        assert not User.objects.get().email_verified
        client.post(path)
        assert User.objects.get().email_verified

    @pytest.mark.parametrize(
        "changes",
        [
            {"username": "ALICE"},
            {"email": "ALICE@example.org"},
            {"username": "alice@example.org"},
            {"password2": "something else"},
            {"password1": "password", "password2": "password"},
            {"password1": "carol", "password2": "carol"},
            {"username": ""},
            {"email": "not an address"},
            {"username": "nul\0nul"},
        ],
    )
    def test_refuses(self, client: Client, alice: User, changes: dict[str, str]) -> None:
        page = sign_up(client, **changes)
        assert page.status_code == 200
        assert 'aria-invalid="true"' in page.content.decode()
        assert list(User.objects.all()) == [alice]
