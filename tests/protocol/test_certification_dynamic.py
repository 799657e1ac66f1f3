"""The plans Config, Dynamic and Third-Party-Initiated Login, module by module.

Each test is named after its module. The client proves itself by `private_key_jwt`, as that plan
wants it. Played elsewhere: `oidcc-idtoken-unsigned` is skipped by the suite, because the metadata
does not list `none`; `oidcc-ensure-request-object-with-redirect-uri` is among the profiles.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import jwt
import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric import rsa
from django.core.management import call_command

from oidc.clients import keys
from oidc.keys import ring
from tests.clients.json_server import JsonServer, body, document, serving
from tests.clients.keys_for_tests import PRIVATE_KEYS, jwk_of, public_jwk
from tests.protocol.certification import Suite, registration_request
from tests.protocol.registering import call, path_of, register
from tests.protocol.test_interaction_pages import log_in
from tests.protocol.test_registration_5_sectors import sector, uri_of  # noqa: F401 a fixture
from tests.support.assertions import ASSERTION_TYPE, TOKEN_ENDPOINT
from tests.support.doors import Answer, Send, send_to_wsgi
from tests.support.relying_party import ISSUER, REDIRECT_URI, new_person
from tests.support.tokens import published_keys

DISCOVERY = "/.well-known/openid-configuration"
LANGUAGE_TAG = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?")
WITH_REFRESH = ["authorization_code", "refresh_token"]


class KeySuite(Suite):
    """Its client signs an assertion with its RSA key. `audience`, `kid` and key may change."""

    audience = TOKEN_ENDPOINT
    kid: str | None = None
    private_key: Any = PRIVATE_KEYS["RS256"]

    def __init__(self, send: Send, person: Any, **metadata: Any) -> None:
        chosen = {"token_endpoint_auth_method": "private_key_jwt"}
        super().__init__(send, person, **(chosen | metadata))
        self.client.token = self._token  # type: ignore[method-assign]
        assert "client_secret" not in self.registered

    def _token(self, form: dict[str, str | None]) -> Answer:
        proof = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": self._assertion()}
        return self.client.post("/oauth2/token", form | proof | {"client_id": None})

    def _assertion(self) -> str:
        client_id, now = self.client.client_id, int(time.time())
        claims = {
            "iss": client_id, "sub": client_id, "aud": self.audience,
            "jti": secrets.token_urlsafe(12), "iat": now, "exp": now + 60,
        }  # fmt: skip
        header = {"kid": self.kid} if self.kid else {}
        return jwt.encode(claims, self.private_key, "RS256", header)


@pytest.fixture
def send(db: None) -> Send:
    """One door is enough here: other tests compare the two."""
    ring.forget()
    return send_to_wsgi


@pytest.fixture(autouse=True)
def registration_is_open(registration: Any) -> None:
    """Clients register themselves, and their servers are on this machine."""
    registration("open", fetch_private_addresses=True)


@pytest.fixture
def person(send: Send) -> Any:
    return new_person(name="Alice Liddell")


@pytest.fixture
def shelf() -> Iterator[JsonServer]:
    """The suite's own server, from which keys and request objects are fetched."""
    with serving(document({"keys": [public_jwk("RS256", kid="one")]})) as server:
        yield server


def refused(answer: Answer) -> str:
    """Return the error of a refused registration."""
    assert (answer.status, answer.header("Content-Type")) == (400, "application/json")
    return str(answer.json()["error"])


# --- Config ---------------------------------------------------------------------------------------


def test_oidcc_discovery_endpoint_verification(send: Send) -> None:
    answer = send("GET", DISCOVERY, "", b"", {})
    assert (answer.status, answer.header("Content-Type")) == (200, "application/json")
    metadata = answer.json()
    assert metadata["issuer"] == ISSUER
    assert not (urlsplit(metadata["issuer"]).query or urlsplit(metadata["issuer"]).fragment)
    response_types = {frozenset(name.split()) for name in metadata["response_types_supported"]}
    assert {frozenset({"code"}), frozenset({"id_token"}), frozenset({"token", "id_token"})} <= (
        response_types
    )
    assert {"authorization_code", "implicit"} <= set(metadata["grant_types_supported"])
    assert "RS256" in metadata["id_token_signing_alg_values_supported"]
    assert "RS256" in metadata["request_object_signing_alg_values_supported"]
    assert set(metadata["subject_types_supported"]) <= {"public", "pairwise"}
    assert isinstance(metadata["code_challenge_methods_supported"], list)
    assert metadata["claims_supported"]
    assert "openid" in metadata["scopes_supported"]
    assert all(re.fullmatch(r"[\x21\x23-\x5b\x5d-\x7e]+", s) for s in metadata["scopes_supported"])
    assert all(LANGUAGE_TAG.fullmatch(tag) for tag in metadata["ui_locales_supported"])
    for name in ("claims_parameter", "request_parameter", "request_uri_parameter"):
        assert metadata[f"{name}_supported"] is True
    for name, value in metadata.items():
        if name.endswith(("_endpoint", "_uri")):
            assert value.startswith(ISSUER), "an issuer is https, except on this machine"
    kids = [key["kid"] for key in published_keys(send)["keys"]]
    assert len(kids) == len(set(kids))


# --- Dynamic --------------------------------------------------------------------------------------


def test_oidcc_server_and_idtoken_rs256(send: Send, person: Any) -> None:
    outcome = KeySuite(send, person, id_token_signed_response_alg="RS256").sign_in()
    assert jwt.get_unverified_header(outcome.raw_id_token)["alg"] == "RS256"


def test_oidcc_idtoken_unsigned(send: Send) -> None:
    metadata = send("GET", DISCOVERY, "", b"", {}).json()
    assert "none" not in metadata["id_token_signing_alg_values_supported"]
    answer = register(send, **registration_request(id_token_signed_response_alg="none"))
    assert refused(answer) == "invalid_client_metadata"


def test_oidcc_userinfo_rs256(send: Send, person: Any) -> None:
    suite = KeySuite(send, person, userinfo_signed_response_alg="RS256")
    code = suite.members(suite.authorize(scope="openid profile"))["code"]
    answer = suite.client.userinfo(suite.redeem(code)["access_token"])
    assert (answer.status, answer.header("Content-Type")) == (200, "application/jwt")
    assert suite.verified_jwt(answer.text)["name"] == "Alice Liddell"


def test_oidcc_ensure_redirect_uri_in_authorization_request(send: Send, person: Any) -> None:
    answer = KeySuite(send, person).authorize(redirect_uri=None)
    assert (answer.status, answer.location) == (400, "")


def test_oidcc_redirect_uri_query_ok_mismatch_added(send: Send, person: Any) -> None:
    suite = KeySuite(send, person, redirect_uris=[f"{REDIRECT_URI}?foo=bar"])
    suite.sign_in()
    for wrong in (REDIRECT_URI, f"{REDIRECT_URI}?foo=baz", f"{REDIRECT_URI}?foo=bar&baz=1"):
        answer = suite.authorize(redirect_uri=wrong)
        assert (answer.status, answer.location) == (400, "")
    added = KeySuite(send, person).authorize(redirect_uri=f"{REDIRECT_URI}?foo=bar")
    assert (added.status, added.location) == (400, "")


def test_oidcc_redirect_uri_regfrag(send: Send) -> None:
    answer = register(send, **registration_request(redirect_uris=[f"{REDIRECT_URI}#foobar"]))
    assert refused(answer) in ("invalid_redirect_uri", "invalid_client_metadata")


@pytest.mark.parametrize("name", ["logo_uri", "policy_uri", "tos_uri"])
def test_oidcc_registration_logo_policy_and_tos_uri(send: Send, person: Any, name: str) -> None:
    """They are on the log-in page, whatever host they are on, and on the next page too. The logo is
    our copy, once there is one (`clients/test_logos.py`): pages load nothing from outside."""
    address = "https://openid.example/about/it.png?a=b"
    suite = KeySuite(send, person, **{name: address})
    assert suite.registered[name] == address
    answer = suite.browser.get("/oauth2/authorize", **suite.parameters())
    is_shown = name != "logo_uri"
    assert (f'="{address}"' in suite.browser.follow(answer).text) == is_shown
    assert (f'="{address}"' in log_in(suite.browser, answer, person).text) == is_shown


def test_oidcc_registration_jwks_uri(send: Send, person: Any, shelf: JsonServer) -> None:
    uri = f"http://127.0.0.1:{shelf.port}/jwks"
    suite = KeySuite(send, person, jwks=None, jwks_uri=uri)
    suite.kid = "one"
    suite.sign_in()


def test_oidcc_registration_sector_uri_and_sector_bad(
    send: Send,
    sector: JsonServer,  # noqa: F811
) -> None:
    pairwise = {"subject_type": "pairwise", "sector_identifier_uri": uri_of(sector)}
    sector.answer = document([REDIRECT_URI])
    assert register(send, **registration_request(**pairwise)).status == 201
    sector.answer = document(["https://client.example/another"])
    answer = register(send, **registration_request(**pairwise))
    assert refused(answer) == "invalid_client_metadata"


def test_oidcc_server_rotate_keys(send: Send) -> None:
    before = {key["kid"] for key in published_keys(send)["keys"] if key["use"] == "sig"}
    call_command("keys", "rotate")
    ring.forget()
    after = {key["kid"] for key in published_keys(send)["keys"] if key["use"] == "sig"}
    assert before < after


def test_oidcc_refresh_token_rp_key_rotation(
    send: Send, person: Any, shelf: JsonServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The suite waits for a minute before it uses its new key."""
    assert keys.PAUSE_SECONDS <= 60
    monkeypatch.setattr(keys, "PAUSE_SECONDS", 0)
    uri = f"http://127.0.0.1:{shelf.port}/jwks"
    suite = KeySuite(send, person, jwks=None, jwks_uri=uri, grant_types=WITH_REFRESH)
    suite.kid = "one"
    tokens = suite.sign_in(scope="openid offline_access", prompt="consent").tokens
    suite.kid, suite.private_key = "two", rsa.generate_private_key(65537, 2048)
    new = jwk_of("RS256", suite.private_key.public_key()) | {"kid": "two"}
    shelf.answer = document({"keys": [new]})
    refreshed = suite.client.refresh(tokens["refresh_token"])
    assert refreshed.status == 200
    suite.userinfo(refreshed.json()["access_token"])


@pytest.mark.parametrize("alg", ["none", "RS256"])
def test_oidcc_request_uri_unsigned_and_signed_rs256(
    send: Send, person: Any, shelf: JsonServer, alg: str
) -> None:
    """The suite skips the unsigned one, because the metadata does not list `none`."""
    uri = f"http://127.0.0.1:{shelf.port}/{secrets.token_urlsafe(64)}"
    suite = KeySuite(send, person, request_uris=[uri], request_object_signing_alg=alg)
    addressed = {"iss": suite.client.client_id, "aud": ISSUER} if alg != "none" else {}
    key = PRIVATE_KEYS["RS256"] if alg != "none" else None
    text = jwt.encode(suite.parameters() | addressed, key, alg)
    shelf.answer = body(text.encode(), **{"Content-Type": "application/jose"})
    outcome = suite.sign_in(request_uri=uri, state=None, nonce=None)
    assert outcome.id_token["nonce"] == suite.client.nonce


def test_oidcc_refresh_token(send: Send, person: Any) -> None:
    suite, other = (KeySuite(send, person, grant_types=WITH_REFRESH) for _ in range(2))
    tokens = suite.sign_in().tokens
    with time_machine.travel(time.time() + 1.5):
        assert suite.client.refresh(tokens["refresh_token"]).status == 200
    stolen = suite.client.refresh(other.sign_in().tokens["refresh_token"])
    assert (stolen.status, stolen.json()["error"]) == (400, "invalid_grant")


def test_oidcc_ensure_client_assertion_with_iss_aud_succeeds(send: Send, person: Any) -> None:
    suite = KeySuite(send, person)
    suite.audience = ISSUER
    suite.sign_in()


def test_every_module_removes_its_client(send: Send, person: Any) -> None:
    """The suite warns of a client that it cannot remove."""
    registered = KeySuite(send, person).registered
    token, path = registered["registration_access_token"], path_of(registered)
    assert call(send, "DELETE", path, token=token).status == 204


# --- Third-Party-Initiated Login ------------------------------------------------------------------


def test_oidcc_3rd_party_init_login(send: Send) -> None:
    uri = "https://client.example/start"
    registered = register(send, **registration_request(initiate_login_uri=uri)).json()
    assert registered["initiate_login_uri"] == uri
    read = call(send, "GET", path_of(registered), token=registered["registration_access_token"])
    assert (read.status, read.header("Content-Type")) == (200, "application/json")
    assert read.json()["initiate_login_uri"] == uri


def test_oidcc_3rd_party_init_login_nohttps(send: Send) -> None:
    uri = "http://client.example/start"
    answer = register(send, **registration_request(initiate_login_uri=uri))
    assert refused(answer) == "invalid_client_metadata"
