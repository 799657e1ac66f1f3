"""Plays the OpenID Foundation's conformance suite: a client that registers itself, a browser, and
somebody who clicks through the pages.

Each check that the suite makes in every module is made in every sign-in here, those included that
end in a warning there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import urlsplit

from tests.clients.keys_for_tests import public_jwk
from tests.protocol.registering import register
from tests.protocol.test_interaction_pages import NEXT, csrf, decide, log_in
from tests.support.doors import Answer, Browser, Send
from tests.support.relying_party import ISSUER, REDIRECT_URI, RelyingParty
from tests.support.tokens import half_hash, verified

HIDDEN_FIELD = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
EXPECTED_IN_AN_ERROR = {"error", "error_description", "error_uri", "state", "session_state", "iss"}
NO_PKCE = {"code_challenge": None, "code_challenge_method": None}


@dataclass
class Outcome:
    """What a client has after a sign-in."""

    members: dict[str, str]
    """Of the authorization response."""
    tokens: dict[str, Any] = field(default_factory=dict)
    """Of the token endpoint, if there was a code."""
    id_token: dict[str, Any] = field(default_factory=dict)
    """The claims of the last ID token."""

    @property
    def access_token(self) -> str:
        return str(self.tokens.get("access_token") or self.members.get("access_token", ""))

    @property
    def raw_id_token(self) -> str:
        return str(self.tokens.get("id_token") or self.members["id_token"])


def registration_request(response_type: str = "code", **changes: Any) -> dict[str, Any]:
    """Return what the suite registers; None removes a member."""
    words = response_type.split()
    grant_types = ["authorization_code"] if "code" in words else []
    grant_types += ["implicit"] if {"id_token", "token"} & set(words) else []
    request = {
        "client_name": "OIDF test client",
        "grant_types": grant_types,
        "jwks": {"keys": [public_jwk("RS256", use="sig", alg="RS256")]},
        "token_endpoint_auth_method": "client_secret_basic",
        "response_types": [response_type],
        "redirect_uris": [REDIRECT_URI],
        "contacts": ["certification@example.org"],
    }
    return {name: value for name, value in (request | changes).items() if value is not None}


class Suite:
    """One module's client and browser."""

    def __init__(
        self,
        send: Send,
        person: Any,
        response_type: str = "code",
        response_mode: str | None = None,
        browser: Browser | None = None,
        **metadata: Any,
    ) -> None:
        self.send, self.person = send, person
        self.response_type, self.response_mode = response_type, response_mode
        self.registered = self._register(metadata)
        self.client = RelyingParty(
            send,
            self.registered["client_id"],
            self.registered.get("client_secret"),
            self.registered["redirect_uris"][0],
            scope="openid",
        )
        self.browser = browser or Browser(send)

    def _register(self, metadata: dict[str, Any]) -> dict[str, Any]:
        answer = register(self.send, **registration_request(self.response_type, **metadata))
        assert answer.status == 201, answer.text
        assert answer.header("Content-Type") == "application/json"
        registered: dict[str, Any] = answer.json()
        assert registered["registration_client_uri"].startswith(ISSUER)
        assert registered["registration_access_token"]
        if "client_secret" in registered:
            assert "client_secret_expires_at" in registered
        return registered

    def parameters(self, **changes: str | None) -> dict[str, str]:
        chosen = {"response_type": self.response_type, "response_mode": self.response_mode}
        return self.client.parameters(**(NO_PKCE | chosen | changes))

    def authorize(self, **changes: str | None) -> Answer:
        """Send an authorization request, and do what the pages ask for, if they ask."""
        return self.finish(self.browser.get("/oauth2/authorize", **self.parameters(**changes)))

    def finish(self, answer: Answer) -> Answer:
        page = self.browser.get(answer.location) if answer.location.startswith("/") else answer
        if page.location.startswith("/accounts/login/"):
            page = log_in(self.browser, answer, self.person)
        elif page.location.startswith("/accounts/reauthenticate/"):
            page = self._reauthenticate(page.location)
        if page.status == 200 and 'value="allow"' in page.text:
            page = decide(self.browser, answer.location, page, "allow")
        return page

    def _reauthenticate(self, path: str) -> Answer:
        page = self.browser.get(path)
        fields = csrf(page) | {"next": NEXT.search(page.text).group(1)}
        posted = self.browser.post(path, fields | {"password": self.person.raw_password})
        return self.browser.follow(posted)

    def members(self, answer: Answer, response_type: str | None = None) -> dict[str, str]:
        """Return what came back, if it came in the right place."""
        if self.response_mode == "form_post":
            assert answer.status == 200, (answer.status, answer.location)
            assert f'<form method="post" action="{self.client.redirect_uri}">' in answer.text
            return {name: unescape(value) for name, value in HIDDEN_FIELD.findall(answer.text)}
        assert answer.location.startswith(self.client.redirect_uri), (answer.status, answer.text)
        in_query = (response_type or self.response_type) == "code"
        parts, registered = urlsplit(answer.location), urlsplit(self.client.redirect_uri)
        assert parts.fragment == "" if in_query else parts.query == registered.query
        return answer.redirect_members

    def error(self, answer: Answer, response_type: str | None = None) -> str:
        """Return the error of a response that has nothing but what belongs there."""
        members = self.members(answer, response_type)
        assert members["error"], members
        assert members.keys() <= EXPECTED_IN_AN_ERROR
        assert members.get("state") == self.client.state
        assert members["iss"] == ISSUER
        assert re.fullmatch(r"[\x20-\x21\x23-\x5b\x5d-\x7e]*", members["error_description"])
        return members["error"]

    def sign_in(self, **changes: str | None) -> Outcome:
        """Go the whole way, and check all that the suite checks every time."""
        return self.check(self.authorize(**changes))

    def check(self, answer: Answer) -> Outcome:
        outcome = Outcome(self.members(answer))
        members, words = outcome.members, self.response_type.split()
        assert "error" not in members, members
        assert (members["state"], members["iss"]) == (self.client.state, ISSUER)
        assert ("code" in members, "id_token" in members, "access_token" in members) == (
            "code" in words,
            "id_token" in words,
            "token" in words,
        )
        if "id_token" in words:
            outcome.id_token = self.verified(members["id_token"])
            for name, member in (("c_hash", "code"), ("at_hash", "access_token")):
                expected = half_hash("RS256", members[member]) if member in members else None
                assert outcome.id_token.get(name) == expected
        if "token" in words:
            assert members["token_type"] == "Bearer"
            self.userinfo(members["access_token"])
        if "code" in words:
            front = outcome.id_token
            outcome.tokens = self.redeem(members["code"])
            outcome.id_token = self.verified(outcome.tokens["id_token"])
            assert (front or outcome.id_token)["sub"] == outcome.id_token["sub"]
            self.userinfo(outcome.tokens["access_token"])
        return outcome

    def redeem(self, code: str) -> dict[str, Any]:
        answer = self.client.redeem(code, code_verifier=None)
        assert answer.status == 200, answer.text
        assert answer.header("Content-Type") == "application/json"
        assert answer.header("Cache-Control") == "no-store"
        tokens: dict[str, Any] = answer.json()
        assert tokens["token_type"] == "Bearer"
        assert isinstance(tokens["expires_in"], int)
        return tokens

    def verified_jwt(self, token: str) -> dict[str, Any]:
        return verified(self.send, token, self.client.client_id)

    def verified(self, id_token: str) -> dict[str, Any]:
        claims = self.verified_jwt(id_token)
        assert claims["acr"]
        assert not [name for name, value in claims.items() if value in (None, "", {}, [])]
        return claims

    def userinfo(self, access_token: str) -> dict[str, Any]:
        answer = self.client.userinfo(access_token)
        assert answer.status == 200
        claims: dict[str, Any] = answer.json()
        return claims
