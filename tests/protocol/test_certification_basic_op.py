"""What the OpenID Foundation's "Basic OP" plan asks, module by module, of a client without PKCE.

Each test is named after its module. Modules that need screenshots only are in the tests of the
pages; those about features that are not here yet are missing.
"""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
import pytest
import time_machine

from accounts.authentication import ACR_VALUES
from tests.protocol.test_interaction_pages import NEXT, csrf, decide, log_in
from tests.protocol.test_userinfo_introspection_revocation import ALL_CLAIMS
from tests.support.doors import FORM, Answer, Browser, Send
from tests.support.relying_party import ISSUER, REDIRECT_URI, RelyingParty, new_person

SCOPE_CLAIMS = {
    "profile": {
        "name", "given_name", "family_name", "middle_name", "nickname", "profile", "picture",
        "website", "gender", "birthdate", "zoneinfo", "locale", "updated_at", "preferred_username",
    },
    "email": {"email", "email_verified"},
    "address": {"address"},
    "phone": {"phone_number", "phone_number_verified"},
}  # fmt: skip


@pytest.fixture
def person(send: Send) -> Any:
    return new_person(**ALL_CLAIMS)


class Suite:
    """Plays the suite: a client, a browser, and somebody who clicks through the pages."""

    def __init__(self, send: Send, person: Any, **metadata: Any) -> None:
        self.client = RelyingParty.register(send, "oidc-compat", **metadata)
        self.browser = Browser(send)
        self.person = person

    def authorize(self, **changes: str | None) -> Answer:
        """Send an authorization request, and do what the pages ask for, if they ask."""
        without_pkce = {"code_challenge": None, "code_challenge_method": None}
        return self.finish(
            self.client.authorize(self.browser, **({"scope": "openid"} | without_pkce | changes))
        )

    def finish(self, answer: Answer) -> Answer:
        page = self.browser.get(answer.location) if answer.location.startswith("/") else answer
        if page.location.startswith("/accounts/login/"):
            page = log_in(self.browser, answer, self.person)
        elif page.location.startswith("/accounts/reauthenticate/"):
            page = self.reauthenticate(page.location)
        if page.status == 200 and 'value="allow"' in page.text:
            page = decide(self.browser, answer.location, page, "allow")
        return page

    def reauthenticate(self, path: str) -> Answer:
        page = self.browser.get(path)
        fields = csrf(page) | {"next": NEXT.search(page.text).group(1)}
        posted = self.browser.post(path, fields | {"password": self.person.raw_password})
        return self.browser.follow(posted)

    def redeem(self, answer: Answer) -> dict[str, Any]:
        assert "code" in answer.redirect_members, answer.redirect_members
        assert answer.redirect_members["state"] == self.client.state
        assert answer.redirect_members["iss"] == ISSUER
        tokens = self.client.redeem(answer.redirect_members["code"], code_verifier=None)
        assert tokens.status == 200, tokens.text
        assert tokens.header("Cache-Control") == "no-store"
        return tokens.json()

    def sign_in(self, **changes: str | None) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the tokens of a whole sign-in, and the claims of its ID token."""
        tokens = self.redeem(self.authorize(**changes))
        return tokens, self.verified(tokens["id_token"])

    def verified(self, id_token: str) -> dict[str, Any]:
        keys = jwt.PyJWKSet.from_dict(
            self.client.send("GET", "/.well-known/jwks.json", "", b"", {}).json()
        )
        kid = jwt.get_unverified_header(id_token)["kid"]
        return jwt.decode(
            id_token, keys[kid], algorithms=["RS256"], audience=self.client.client_id, issuer=ISSUER
        )

    def userinfo(self, tokens: dict[str, Any]) -> dict[str, Any]:
        answer = self.client.userinfo(tokens["access_token"])
        assert answer.status == 200
        return answer.json()


@pytest.fixture
def suite(send: Send, person: Any) -> Suite:
    return Suite(send, person)


def test_oidcc_server(suite: Suite) -> None:
    tokens, id_token = suite.sign_in()
    assert tokens["token_type"] == "Bearer"
    assert isinstance(tokens["expires_in"], int)
    assert id_token["nonce"] == suite.client.nonce
    assert id_token["sub"] == str(suite.person.pk)
    assert suite.userinfo(tokens) == {"sub": id_token["sub"]}


def test_oidcc_response_type_missing(suite: Suite) -> None:
    members = suite.authorize(response_type=None).redirect_members
    assert members["error"] in ("invalid_request", "unsupported_response_type")
    assert set(members) == {"error", "error_description", "state", "iss"}


def test_oidcc_userinfo_get_and_post(send: Send, suite: Suite) -> None:
    token = suite.sign_in()[0]["access_token"]
    header = {"Authorization": f"Bearer {token}"}
    answers = [
        send("GET", "/oauth2/userinfo", "", b"", header),
        send("POST", "/oauth2/userinfo", "", b"", header),
        send("POST", "/oauth2/userinfo", "", b"", header | {"Content-Type": FORM}),
        send(
            "POST", "/oauth2/userinfo", "", f"access_token={token}".encode(), {"Content-Type": FORM}
        ),
    ]
    assert [answer.json()["sub"] for answer in answers] == [str(suite.person.pk)] * len(answers)


def test_oidcc_ensure_request_without_nonce_succeeds_for_code_flow(suite: Suite) -> None:
    assert "nonce" not in suite.sign_in(nonce=None)[1]


@pytest.mark.parametrize(
    "scope", ["profile", "email", "address", "phone", "profile email phone address"]
)
def test_oidcc_scope(suite: Suite, scope: str) -> None:
    tokens, id_token = suite.sign_in(scope=f"openid {scope}")
    expected = {"sub"}.union(*(SCOPE_CLAIMS[name] for name in scope.split()))
    assert set(suite.userinfo(tokens)) == expected
    assert not expected - {"sub"} & set(id_token)


def test_oidcc_ensure_other_scope_order_succeeds(suite: Suite) -> None:
    tokens, _ = suite.sign_in(scope="email openid")
    assert set(tokens["scope"].split()) == {"email", "openid"}


@pytest.mark.parametrize(
    "parameters",
    [
        {"display": "page"},
        {"display": "popup"},
        {"login_hint": "buffy@example.org"},
        {"ui_locales": "se"},
        {"claims_locales": "se"},
        {"extra": "foobar"},
    ],
    ids=str,
)
def test_oidcc_display_hints_locales_and_unknown_parameters(
    suite: Suite, parameters: dict[str, str]
) -> None:
    suite.sign_in(**parameters)


def test_oidcc_prompt_login(suite: Suite) -> None:
    _, first = suite.sign_in()
    with time_machine.travel(time.time() + 2):
        _, second = suite.sign_in(prompt="login")
    assert second["auth_time"] > first["auth_time"]


def test_oidcc_prompt_none_not_logged_in(suite: Suite) -> None:
    suite.client.state = "s" * 128
    members = suite.authorize(prompt="none").redirect_members
    assert members["error"] == "login_required"
    assert members["state"] == suite.client.state


def test_oidcc_prompt_none_logged_in(suite: Suite) -> None:
    _, first = suite.sign_in()
    with time_machine.travel(time.time() + 2):
        _, second = suite.sign_in(prompt="none")
    assert (second["sub"], second["auth_time"]) == (first["sub"], first["auth_time"])


def test_oidcc_max_age_1(suite: Suite) -> None:
    _, first = suite.sign_in()
    with time_machine.travel(time.time() + 2):
        _, second = suite.sign_in(max_age="1")
        assert abs(second["auth_time"] - time.time()) < 5
    assert second["auth_time"] > first["auth_time"]


def test_oidcc_max_age_10000(suite: Suite) -> None:
    _, first = suite.sign_in()
    with time_machine.travel(time.time() + 2):
        _, second = suite.sign_in(max_age="10000")
    assert second["auth_time"] == first["auth_time"]


def test_oidcc_id_token_hint(suite: Suite) -> None:
    tokens, first = suite.sign_in()
    with time_machine.travel(time.time() + 2):
        _, second = suite.sign_in(prompt="none", id_token_hint=tokens["id_token"])
    assert (second["sub"], second["auth_time"]) == (first["sub"], first["auth_time"])


def test_oidcc_ensure_request_with_acr_values_succeeds(suite: Suite) -> None:
    assert suite.sign_in(acr_values=" ".join(ACR_VALUES))[1]["acr"] in ACR_VALUES


def test_oidcc_codereuse(suite: Suite) -> None:
    answer = suite.authorize()
    tokens = suite.redeem(answer)
    again = suite.client.redeem(answer.redirect_members["code"], code_verifier=None)
    assert (again.status, again.json()["error"]) == (400, "invalid_grant")
    assert suite.client.userinfo(tokens["access_token"]).status == 401


def test_oidcc_ensure_registered_redirect_uri(suite: Suite) -> None:
    answer = suite.authorize(redirect_uri=REDIRECT_URI + "?x=y")
    assert (answer.status, answer.location) == (400, "")


def test_oidcc_ensure_post_request_succeeds(suite: Suite) -> None:
    """The suite's form comes from another site, so Lax cookies are missing."""
    parameters = suite.client.parameters(code_challenge=None, code_challenge_method=None)
    posted = suite.client.send(
        "POST", "/oauth2/authorize", "", urlencode(parameters).encode(), {"Content-Type": FORM}
    )
    resumed = urlsplit(posted.location)
    suite.redeem(suite.finish(suite.browser.get(resumed.path, **dict(parse_qsl(resumed.query)))))


def test_oidcc_server_client_secret_post(send: Send, person: Any) -> None:
    suite = Suite(send, person, token_endpoint_auth_method="client_secret_post")
    secret, suite.client.client_secret = suite.client.client_secret, None
    code = suite.authorize().redirect_members["code"]
    answer = suite.client.redeem(code, code_verifier=None, client_secret=secret)
    assert answer.status == 200


def unsigned(suite: Suite, **changes: str | None) -> str:
    """Return a whole request as an unsigned request object."""
    claims = suite.client.parameters(
        scope="openid", code_challenge=None, code_challenge_method=None, **changes
    )
    addressed = claims | {"iss": suite.client.client_id, "aud": ISSUER}
    return jwt.encode(addressed, None, algorithm="none")


def test_oidcc_unsigned_request_object(send: Send, person: Any) -> None:
    suite = Suite(send, person, request_object_signing_alg="none")
    _, id_token = suite.sign_in(request=unsigned(suite), state=None, nonce=None)
    assert id_token["nonce"] == suite.client.nonce


def test_oidcc_ensure_request_object_with_redirect_uri(send: Send, person: Any) -> None:
    suite = Suite(send, person, request_object_signing_alg="none")
    suite.sign_in(request=unsigned(suite), redirect_uri=REDIRECT_URI + "/other")


def test_oidcc_claims_essential(suite: Suite) -> None:
    tokens, id_token = suite.sign_in(claims='{"userinfo": {"name": {"essential": true}}}')
    assert suite.userinfo(tokens)["name"] == ALL_CLAIMS["name"]
    assert "name" not in id_token


def test_oidcc_refresh_token(send: Send, suite: Suite, person: Any) -> None:
    tokens, first = suite.sign_in(scope="openid offline_access", prompt="consent")
    with time_machine.travel(time.time() + 1.5):
        answer = suite.client.refresh(tokens["refresh_token"], scope="openid offline_access")
        assert answer.status == 200
        refreshed = answer.json()
        second = suite.verified(refreshed["id_token"])
    assert refreshed["access_token"] != tokens["access_token"]
    assert second["iat"] > first["iat"]
    assert "nonce" not in second
    for claim in ("iss", "sub", "aud", "auth_time"):
        assert second[claim] == first[claim]
    other = Suite(send, person)
    stolen = suite.client.refresh(other.sign_in()[0]["refresh_token"])
    assert (stolen.status, stolen.json()["error"]) == (400, "invalid_grant")


def test_oidcc_ensure_request_with_valid_pkce_succeeds(suite: Suite) -> None:
    answer = suite.finish(suite.client.authorize(suite.browser))
    assert suite.client.redeem(answer.redirect_members["code"]).status == 200
