"""The admin's pages about clients, as a person uses them."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from django.http import HttpResponse
from django.test import Client

from oidc.models.client import OAuthClient

LIST = "/admin/oidc/oauthclient/"
REDIRECT_URI = "https://app.example/cb"


def text_of(response: HttpResponse) -> str:
    return unescape(response.content.decode())


def errors_at(response: HttpResponse, field: str) -> list[str]:
    """Return the messages that are shown at a field."""
    shown = re.search(rf'id="id_{field}_error">(.*?)</ul>', response.content.decode(), re.DOTALL)
    return re.findall(r"<li>(.*?)</li>", unescape(shown[1])) if shown else []


def secret_of(response: HttpResponse) -> str:
    """Return the secret that a page shows."""
    shown = re.search(r"Client secret</dt><dd><code[^>]*>([^<]+)<", response.content.decode())
    assert shown, "no secret on this page"
    return shown[1]


class ClientPages:
    """A signed-in browser on these pages."""

    def __init__(self, browser: Client) -> None:
        self.browser = browser

    def add(self, profile: str = "web", **entries: str) -> HttpResponse:
        redirect_uris = "" if profile == "machine" else REDIRECT_URI
        form = {"client_name": "App", "profile": profile, "redirect_uris": redirect_uris}
        return self.browser.post(f"{LIST}add/", {**form, **entries})

    def made(self, profile: str = "web", **entries: str) -> OAuthClient:
        """Register a client and return its row."""
        assert self.add(profile, **entries).status_code in (200, 302)
        return OAuthClient.objects.latest("id")

    def url(self, client: OAuthClient, action: str = "change") -> str:
        return f"{LIST}{client.pk}/{action}/"

    def open(self, client: OAuthClient, action: str = "change") -> HttpResponse:
        return self.browser.get(self.url(client, action))

    def press(self, client: OAuthClient, action: str, **entries: Any) -> HttpResponse:
        return self.browser.post(self.url(client, action), entries)

    def change(self, client: OAuthClient, **entries: Any) -> HttpResponse:
        """Open the form, change some entries, and send it as a browser would."""
        form = self.open(client).context["adminform"].form
        sent: dict[str, Any] = {}
        for field in form:
            value = field.value()
            if isinstance(value, list) and field.name not in ("grant_types", "response_types"):
                value = "\n".join(value)
            if value is not None and value is not False:
                sent[field.html_name] = value
        return self.browser.post(self.url(client), {**sent, **entries})
