"""A relying party in a few lines: builds requests as a client would, and shows every answer."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.contrib.auth import SESSION_KEY, get_user_model
from django.test import Client as DjangoClient

from accounts.people import create_person
from oidc.clients.service import create_client
from oidc.requests.consent import remember_consent
from tests.support.doors import FORM, Answer, Browser, Send

REDIRECT_URI = "https://client.example/cb"
ISSUER = "http://localhost:8000"
OPENID_SCOPE = "openid profile email offline_access"


def s256(verifier: str) -> str:
    """Return the S256 code challenge of a verifier."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def new_person(**claims: Any) -> Any:
    """Create somebody with a random name and a known password (`user.raw_password`)."""
    username = f"person-{secrets.token_hex(5)}"
    user, password = create_person(username, f"{username}@example.com", claims=claims or None)
    user.raw_password = password
    return user


def sign_in(browser: Browser, user: Any) -> None:
    """Sign somebody in, the quick way. The log-in page has tests of its own."""
    client = DjangoClient()
    client.force_login(get_user_model().objects.get(pk=user.pk))
    browser.cookies[settings.SESSION_COOKIE_NAME] = client.cookies[
        settings.SESSION_COOKIE_NAME
    ].value
    assert client.session[SESSION_KEY] == str(user.pk)


@dataclass
class RelyingParty:
    """A registered client. `verifier` and `nonce` are those of its last request."""

    send: Send
    client_id: str
    client_secret: str | None
    redirect_uri: str = REDIRECT_URI
    scope: str = OPENID_SCOPE
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(8))
    state: str = field(default_factory=lambda: secrets.token_urlsafe(8))

    @classmethod
    def register(cls, send: Send, profile: str = "web", **metadata: Any) -> RelyingParty:
        if profile != "machine":
            metadata.setdefault("redirect_uris", [REDIRECT_URI])
        created = create_client(f"A {profile} client", profile, metadata=metadata)
        return cls(send, created.client.client_id, created.client_secret)

    def parameters(self, **changes: str | None) -> dict[str, str]:
        """Return the parameters of a good authorization request; None removes one."""
        good: dict[str, str | None] = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": self.scope,
            "state": self.state,
            "nonce": self.nonce,
            "code_challenge": s256(self.verifier),
            "code_challenge_method": "S256",
        }
        return {k: v for k, v in (good | changes).items() if v is not None}

    def authorize(self, browser: Browser, **changes: str | None) -> Answer:
        return browser.get("/oauth2/authorize", **self.parameters(**changes))

    def consented_by(self, user: Any, scope: str | None = None) -> None:
        """Note that somebody allowed this client before."""
        remember_consent(str(user.pk), self.client_id, tuple((scope or self.scope).split()))

    def code_for(self, user: Any, **changes: str | None) -> str:
        """Sign somebody in who allowed it before, and return a code."""
        browser = Browser(self.send)
        sign_in(browser, user)
        self.consented_by(user, changes.get("scope"))
        answer = self.authorize(browser, **changes)
        assert "code" in answer.redirect_members, (answer.status, answer.location, answer.text)
        return answer.redirect_members["code"]

    def tokens_for(self, user: Any, **changes: str | None) -> dict[str, Any]:
        answer = self.redeem(self.code_for(user, **changes))
        assert answer.status == 200, answer.text
        return answer.json()

    def redeem(self, code: str, /, **changes: str | None) -> Answer:
        form: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": self.verifier,
        }
        return self.token(form | changes)

    def refresh(self, refresh_token: str, /, **changes: str | None) -> Answer:
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return self.token(form | changes)

    def token(self, form: dict[str, str | None]) -> Answer:
        return self.post("/oauth2/token", form)

    def introspect(self, token: str, **more: str) -> Answer:
        return self.post("/oauth2/introspect", {"token": token, **more})

    def revoke(self, token: str, **more: str) -> Answer:
        return self.post("/oauth2/revoke", {"token": token, **more})

    def post(self, path: str, form: dict[str, str | None]) -> Answer:
        """Post a form as this client: with Basic, or with its id if it is public."""
        fields = {k: v for k, v in form.items() if v is not None}
        headers = {"Content-Type": FORM}
        if self.client_secret:
            headers["Authorization"] = basic(self.client_id, self.client_secret)
        else:
            fields.setdefault("client_id", self.client_id)
        return self.send("POST", path, "", urlencode(fields).encode(), headers)

    def userinfo(self, access_token: str) -> Answer:
        headers = {"Authorization": f"Bearer {access_token}"}
        return self.send("GET", "/oauth2/userinfo", "", b"", headers)


def basic(client_id: str, secret: str) -> str:
    """Return a Basic Authorization header, form-urlencoded as RFC 6749 section 2.3.1 wants it."""
    pair = f"{quote(client_id, safe='')}:{quote(secret, safe='')}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


__all__ = ["ISSUER", "REDIRECT_URI", "RelyingParty", "basic", "new_person", "s256"]
