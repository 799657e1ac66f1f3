"""The plans Basic, Implicit, Hybrid and their three Form Post siblings, module by module.

Each test is named after its module, and runs for every response type and mode of the plans that
have it. Modules that want a screenshot are played to the page that it would show. The client is one
without PKCE that has registered itself, as in the suite.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
import pytest
import time_machine

from accounts.authentication import ACR_VALUES
from oidc.keys import ring
from tests.protocol.certification import Suite
from tests.protocol.test_userinfo_introspection_revocation import ALL_CLAIMS
from tests.support.doors import FORM, Send, send_to_wsgi
from tests.support.relying_party import ISSUER, new_person

SCOPE_CLAIMS = {
    "profile": {
        "name", "given_name", "family_name", "middle_name", "nickname", "profile", "picture",
        "website", "gender", "birthdate", "zoneinfo", "locale", "updated_at", "preferred_username",
    },
    "email": {"email", "email_verified"},
    "address": {"address"},
    "phone": {"phone_number", "phone_number_verified"},
}  # fmt: skip
CODE = ("code",)
IMPLICIT = ("id_token", "id_token token")
HYBRID = ("code id_token", "code token", "code id_token token")
EVERY = CODE + IMPLICIT + HYBRID
WITH_CODE = CODE + HYBRID
WITH_ACCESS_TOKEN = CODE + IMPLICIT[1:] + HYBRID
WITHOUT_NONCE = ("code", "code token")
Plan = tuple[str, str | None]


def plans(response_types: Iterable[str]) -> Any:
    """Run a module for these response types, in their own mode and by form_post."""
    cases = [(name, mode) for name in response_types for mode in (None, "form_post")]
    ids = [f"{name.replace(' ', '+')}-{mode or 'default'}" for name, mode in cases]
    return pytest.mark.parametrize("plan", cases, ids=ids)


@pytest.fixture
def send(db: None) -> Send:
    """One door is enough here: other tests compare the two."""
    ring.forget()
    return send_to_wsgi


@pytest.fixture(autouse=True)
def registration_is_open(open_registration: None) -> None:
    """Clients register themselves."""


@pytest.fixture
def person(send: Send) -> Any:
    return new_person(**ALL_CLAIMS)


@pytest.fixture
def suite(send: Send, person: Any, plan: Plan) -> Suite:
    return Suite(send, person, *plan)


@plans(EVERY)
def test_oidcc_server(suite: Suite) -> None:
    outcome = suite.sign_in()
    assert outcome.id_token["nonce"] == suite.client.nonce
    assert outcome.id_token["sub"] == str(suite.person.pk)


@plans(EVERY)
def test_oidcc_response_type_missing(suite: Suite) -> None:
    """Without a type, the error comes in the query, unless a mode was named."""
    error = suite.error(suite.authorize(response_type=None), response_type="code")
    assert error in ("invalid_request", "unsupported_response_type")


@plans(EVERY)
def test_oidcc_idtoken_signature(suite: Suite) -> None:
    header = jwt.get_unverified_header(suite.sign_in().raw_id_token)
    assert (header["alg"], bool(header["kid"])) == ("RS256", True)


@plans(WITH_ACCESS_TOKEN)
def test_oidcc_userinfo_get_and_post(send: Send, suite: Suite) -> None:
    token = suite.sign_in().access_token
    header, form = {"Authorization": f"Bearer {token}"}, {"Content-Type": FORM}
    answers = [
        send("GET", "/oauth2/userinfo", "", b"", header),
        send("POST", "/oauth2/userinfo", "", b"", header),
        send("POST", "/oauth2/userinfo", "", b"", header | form),
        send("POST", "/oauth2/userinfo", "", f"access_token={token}".encode(), form),
    ]
    assert [answer.json() for answer in answers] == [{"sub": str(suite.person.pk)}] * len(answers)


@plans(WITHOUT_NONCE)
def test_oidcc_ensure_request_without_nonce_succeeds_for_code_flow(suite: Suite) -> None:
    assert "nonce" not in suite.sign_in(nonce=None).id_token


@plans([name for name in EVERY if name not in WITHOUT_NONCE])
def test_oidcc_ensure_request_without_nonce_fails(suite: Suite) -> None:
    assert suite.error(suite.authorize(nonce=None)) == "invalid_request"


@plans(EVERY)
def test_oidcc_scope_profile_email_address_phone_and_all(suite: Suite) -> None:
    for scope in (*SCOPE_CLAIMS, "profile email phone address"):
        outcome = suite.sign_in(scope=f"openid {scope}")
        asked = set().union(*(SCOPE_CLAIMS[name] for name in scope.split()))
        if outcome.access_token:
            assert set(suite.userinfo(outcome.access_token)) == {"sub", *asked}
            assert not asked & set(outcome.id_token)
        else:
            assert asked <= set(outcome.id_token)


@plans(EVERY)
def test_oidcc_ensure_other_scope_order_succeeds(suite: Suite) -> None:
    suite.sign_in(scope="email openid")


@plans(EVERY)
def test_oidcc_display_hints_locales_and_unknown_parameters(suite: Suite) -> None:
    suite.sign_in(display="page")
    suite.sign_in(display="popup")
    suite.sign_in(login_hint="buffy@example.org")
    suite.sign_in(ui_locales="se")
    suite.sign_in(claims_locales="se")
    suite.sign_in(extra="foobar")


@plans(EVERY)
def test_oidcc_prompt_login(suite: Suite) -> None:
    first = suite.sign_in().id_token
    with time_machine.travel(time.time() + 2):
        second = suite.sign_in(prompt="login").id_token
    assert second["auth_time"] > first["auth_time"]


@plans(EVERY)
def test_oidcc_prompt_none_not_logged_in(suite: Suite) -> None:
    suite.client.state = "s" * 128
    assert suite.error(suite.authorize(prompt="none")) == "login_required"


@plans(EVERY)
def test_oidcc_prompt_none_logged_in(suite: Suite) -> None:
    first = suite.sign_in().id_token
    with time_machine.travel(time.time() + 2):
        second = suite.sign_in(prompt="none").id_token
    assert (second["sub"], second["auth_time"]) == (first["sub"], first["auth_time"])


@plans(EVERY)
def test_oidcc_max_age_1(suite: Suite) -> None:
    first = suite.sign_in(max_age="1").id_token
    with time_machine.travel(time.time() + 2):
        second = suite.sign_in(max_age="1").id_token
        assert abs(second["auth_time"] - time.time()) < 5
    assert second["auth_time"] > first["auth_time"]


@plans(EVERY)
def test_oidcc_max_age_10000(suite: Suite) -> None:
    first = suite.sign_in(max_age="10000").id_token
    with time_machine.travel(time.time() + 2):
        second = suite.sign_in(max_age="10000").id_token
    assert second["auth_time"] == first["auth_time"]


@plans(EVERY)
def test_oidcc_id_token_hint(suite: Suite) -> None:
    first = suite.sign_in()
    with time_machine.travel(time.time() + 2):
        second = suite.sign_in(prompt="none", id_token_hint=first.raw_id_token)
    assert second.id_token["sub"] == first.id_token["sub"]
    assert second.id_token["auth_time"] == first.id_token["auth_time"]


@plans(EVERY)
def test_oidcc_ensure_request_with_acr_values_succeeds(suite: Suite) -> None:
    assert suite.sign_in(acr_values=" ".join(ACR_VALUES)).id_token["acr"] in ACR_VALUES


@plans(WITH_CODE)
@pytest.mark.parametrize("seconds", [0, 30])
def test_oidcc_codereuse_and_30seconds(suite: Suite, seconds: int) -> None:
    outcome = suite.sign_in()
    with time_machine.travel(time.time() + seconds):
        again = suite.client.redeem(outcome.members["code"], code_verifier=None)
        assert (again.status, again.json()["error"]) == (400, "invalid_grant")
        assert suite.client.userinfo(outcome.access_token).status == 401


@plans(EVERY)
def test_oidcc_ensure_registered_redirect_uri(suite: Suite) -> None:
    answer = suite.authorize(redirect_uri=suite.client.redirect_uri + "?x=y")
    assert (answer.status, answer.location) == (400, "")


@plans(CODE)
def test_oidcc_ensure_post_request_succeeds(suite: Suite) -> None:
    """The suite's form comes from another site, so Lax cookies are missing."""
    posted = suite.client.send(
        "POST",
        "/oauth2/authorize",
        "",
        urlencode(suite.parameters()).encode(),
        {"Content-Type": FORM},
    )
    resumed = urlsplit(posted.location)
    suite.check(suite.finish(suite.browser.get(resumed.path, **dict(parse_qsl(resumed.query)))))


@plans(WITH_CODE)
def test_oidcc_server_client_secret_post(send: Send, person: Any, plan: Plan) -> None:
    suite = Suite(send, person, *plan, token_endpoint_auth_method="client_secret_post")
    secret, suite.client.client_secret = suite.client.client_secret, None
    code = suite.members(suite.authorize())["code"]
    answer = suite.client.redeem(code, code_verifier=None, client_secret=secret)
    assert answer.status == 200


def unsigned(suite: Suite, **changes: str | None) -> str:
    """Return a whole request as an unsigned request object."""
    addressed = {"iss": suite.client.client_id, "aud": ISSUER}
    return jwt.encode(suite.parameters(**changes) | addressed, None, algorithm="none")


@plans(EVERY)
def test_oidcc_unsigned_request_object(send: Send, person: Any, plan: Plan) -> None:
    """The suite skips it, because the metadata does not list `none`: it must be registered."""
    metadata = send("GET", "/.well-known/openid-configuration", "", b"", {}).json()
    assert "none" not in metadata["request_object_signing_alg_values_supported"]
    suite = Suite(send, person, *plan)
    refused = suite.members(suite.authorize(request=unsigned(suite)))
    assert refused["error"] == "request_not_supported"
    suite = Suite(send, person, *plan, request_object_signing_alg="none")
    outcome = suite.sign_in(request=unsigned(suite), state=None, nonce=None)
    assert outcome.id_token["nonce"] == suite.client.nonce


@plans(EVERY)
def test_oidcc_ensure_request_object_with_redirect_uri(send: Send, person: Any, plan: Plan) -> None:
    """The suite skips it like the one before."""
    suite = Suite(send, person, *plan, request_object_signing_alg="none")
    suite.sign_in(request=unsigned(suite), redirect_uri=suite.client.redirect_uri + "/other")


@plans(EVERY)
def test_oidcc_claims_essential(suite: Suite) -> None:
    member = "userinfo" if suite.response_type != "id_token" else "id_token"
    outcome = suite.sign_in(claims=f'{{"{member}": {{"name": {{"essential": true}}}}}}')
    if outcome.access_token:
        assert suite.userinfo(outcome.access_token)["name"] == ALL_CLAIMS["name"]
        assert "name" not in outcome.id_token
    else:
        assert outcome.id_token["name"] == ALL_CLAIMS["name"]


def with_refresh(response_type: str) -> list[str]:
    return ["authorization_code", "refresh_token"] + (
        ["implicit"] if response_type != "code" else []
    )


@plans(WITH_CODE)
@pytest.mark.parametrize(
    ("scope", "prompt"), [("openid", None), ("openid offline_access", "consent")], ids=str
)
def test_oidcc_refresh_token(
    send: Send, person: Any, plan: Plan, scope: str, prompt: str | None
) -> None:
    suite = Suite(send, person, *plan, grant_types=with_refresh(plan[0]))
    outcome = suite.sign_in(scope=scope, prompt=prompt)
    first = outcome.id_token
    with time_machine.travel(time.time() + 1.5):
        answer = suite.client.refresh(outcome.tokens["refresh_token"])
        assert answer.status == 200
        refreshed = answer.json()
        second = suite.verified(refreshed["id_token"])
        suite.userinfo(refreshed["access_token"])
    assert refreshed["access_token"] != outcome.access_token
    assert second["iat"] > first["iat"]
    assert "nonce" not in second
    for claim in ("iss", "sub", "aud", "auth_time"):
        assert second[claim] == first[claim]
    other = Suite(send, person, *plan, grant_types=with_refresh(plan[0]))
    stolen = suite.client.refresh(other.sign_in(scope=scope, prompt=prompt).tokens["refresh_token"])
    assert (stolen.status, stolen.json()["error"]) == (400, "invalid_grant")


@plans(WITH_CODE)
def test_oidcc_ensure_request_with_valid_pkce_succeeds(suite: Suite) -> None:
    names = ("code_challenge", "code_challenge_method")
    pkce = {name: suite.client.parameters()[name] for name in names}
    members = suite.members(suite.authorize(**pkce))
    assert suite.client.redeem(members["code"]).status == 200
