"""Registering: RFC 7591, OpenID Connect Registration 1.0 section 3."""

from __future__ import annotations

import secrets
import time
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest

from oidc.clients.validation.members import ADDITIONAL, COLUMNS
from oidc.endpoints.metadata import provider_metadata
from oidc.models import ClientRegistration, OAuthClient
from oidc.networks import network_of
from oidc.registration.members import OWN_SWITCHES
from tests.clients.keys_for_tests import PRIVATE_KEYS, public_jwk
from tests.protocol.registering import PATH, call, initial_access_token, path_of, register
from tests.support.assertions import ASSERTION_TYPE
from tests.support.doors import FORM, Send
from tests.support.relying_party import ISSUER, REDIRECT_URI

# --- Off, with a token, open ------------------------------------------------------------------


def test_off_refuses_and_publishes_no_endpoint(send: Send) -> None:
    for answer in (register(send), call(send, "GET", f"{PATH}/anything", token="x")):
        assert (answer.status, answer.json()["error"]) == (403, "access_denied")
    assert "registration_endpoint" not in provider_metadata()


@pytest.mark.parametrize("name", ["token", "open"])
def test_on_publishes_the_endpoint(registration: Any, name: str) -> None:
    registration(name)
    assert provider_metadata()["registration_endpoint"] == "http://localhost:8000/oauth2/register"


def test_3_without_a_token_there_is_a_challenge(send: Send, registration: Any) -> None:
    registration("token")
    answer = register(send)
    assert (answer.status, answer.json()["error"]) == (401, "invalid_token")
    assert answer.header("WWW-Authenticate") == 'Bearer realm="gatehouse"'
    assert not OAuthClient.objects.exists()


@pytest.mark.parametrize("name", ["token", "open"])
def test_3_a_token_that_does_not_hold_is_refused(send: Send, registration: Any, name: str) -> None:
    registration(name)
    answer = register(send, "made-up")
    assert (answer.status, answer.json()["error"]) == (401, "invalid_token")
    assert 'error="invalid_token"' in answer.header("WWW-Authenticate")


def test_3_a_token_lets_in_as_often_as_it_says(send: Send, registration: Any) -> None:
    registration("token")
    token = initial_access_token(most_uses=2)
    assert [register(send, token).status for _ in range(3)] == [201, 201, 401]


def test_a_refused_registration_uses_nothing_up(send: Send, registration: Any) -> None:
    registration("token")
    token = initial_access_token()
    assert register(send, token, redirect_uris=["http://insecure.example/"]).status == 400
    assert register(send, token).status == 201


# --- The answer -------------------------------------------------------------------------------


def test_3_2_1_everything_registered_is_told(send: Send, open_registration: None) -> None:
    answer = register(send, client_name="Shop", contacts=["ops@shop.example"])
    assert answer.status == 201
    assert answer.header("Cache-Control") == "no-store"
    members = answer.json()
    client_id = members["client_id"]
    assert members["client_name"] == "Shop"
    assert members["contacts"] == ["ops@shop.example"]
    assert members["redirect_uris"] == [REDIRECT_URI]
    assert members["client_secret_expires_at"] == 0
    assert len(members["client_secret"]) >= 43
    assert len(members["registration_access_token"]) >= 43
    assert members["registration_client_uri"] == f"http://localhost:8000{PATH}/{client_id}"
    stored = ClientRegistration.objects.get(client__client_id=client_id)
    assert members["registration_access_token"] not in str(stored.__dict__)


def test_2_members_left_out_get_the_defaults_of_the_specifications(
    send: Send, open_registration: None
) -> None:
    members = register(send).json()
    assert members["token_endpoint_auth_method"] == "client_secret_basic"
    assert members["grant_types"] == ["authorization_code"]
    assert members["response_types"] == ["code"]
    assert members["application_type"] == "web"
    assert members["subject_type"] == "public"
    assert members["id_token_signed_response_alg"] == "RS256"
    assert members["client_name"] == "client.example"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"response_types": ["id_token"]}, ["implicit"]),
        ({"response_types": ["code id_token"]}, ["authorization_code", "implicit"]),
        ({"response_types": ["code"]}, ["authorization_code"]),
    ],
)
def test_2_1_grant_types_left_out_follow_the_response_types(
    send: Send, open_registration: None, given: dict[str, Any], expected: list[str]
) -> None:
    assert register(send, **given).json()["grant_types"] == expected


@pytest.mark.parametrize(
    "uri", ["com.example.app://[", "com.example.app://a]/", "com.example.app://host:99999/cb"]
)
@pytest.mark.parametrize("subject_type", ["public", "pairwise"])
def test_2_an_address_that_no_parser_takes_apart(
    send: Send, open_registration: None, uri: str, subject_type: str
) -> None:
    answer = register(
        send, application_type="native", redirect_uris=[uri], subject_type=subject_type
    )
    assert (answer.status, answer.json()["error"]) == (400, "invalid_redirect_uri")


def test_2_unknown_members_are_ignored(send: Send, open_registration: None) -> None:
    answer = register(send, made_up={"by": "us"}, claims_redirect_uris=["https://client.example/"])
    assert answer.status == 201
    assert not {"made_up", "claims_redirect_uris"} & answer.json().keys()


@pytest.mark.parametrize(
    ("switch", "value"),
    [
        ("trusted", True),
        ("require_pkce", False),
        ("profile", "machine"),
        ("access_token_lifetime_seconds", 86400),
        ("access_token_audience", ["https://api.example"]),
        ("introspection_audience", ["https://api.example"]),
        ("rotate_refresh_tokens", False),
    ],
)
def test_switches_of_admins_are_not_for_clients(
    send: Send, open_registration: None, switch: str, value: Any
) -> None:
    answer = register(send, token_endpoint_auth_method="none", **{switch: value})
    assert answer.status == 201
    assert switch not in answer.json()
    assert getattr(OAuthClient.objects.get(), switch) != value


@pytest.mark.parametrize(
    "member",
    [
        {"dpop_bound_access_tokens": True},
        {"tls_client_certificate_bound_access_tokens": True},
        {"require_pushed_authorization_requests": True},
        {"introspection_signed_response_alg": "RS256"},
        {"authorization_signed_response_alg": "ES256"},
        {"backchannel_token_delivery_mode": "ping"},
    ],
)
def test_what_the_server_does_not_do_is_refused(
    send: Send, open_registration: None, member: dict[str, Any]
) -> None:
    answer = register(send, **member)
    assert (answer.status, answer.json()["error"]) == (400, "invalid_client_metadata")
    assert next(iter(member)) in answer.json()["error_description"]
    assert answer.json()["error_description"].isascii()
    assert register(send, **dict.fromkeys(member, False)).status == 201


# --- 3.2.2 Errors -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "member", "value"),
    [
        ("invalid_redirect_uri", "redirect_uris", ["http://client.example/cb"]),
        ("invalid_redirect_uri", "redirect_uris", ["https://client.example/cb#fragment"]),
        ("invalid_redirect_uri", "redirect_uris", []),
        ("invalid_redirect_uri", "redirect_uris", "https://client.example/cb"),
        ("invalid_client_metadata", "application_type", "desktop"),
        ("invalid_client_metadata", "token_endpoint_auth_method", "tls_client_auth"),
        ("invalid_client_metadata", "grant_types", ["password"]),
        ("invalid_client_metadata", "response_types", ["token"]),
        ("invalid_client_metadata", "response_types", {"code": 1}),
        ("invalid_client_metadata", "id_token_signed_response_alg", "none"),
        ("invalid_client_metadata", "jwks", {"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}),
        ("invalid_client_metadata", "scope", ["openid"]),
        ("invalid_client_metadata", "scope", "everything"),
        ("invalid_client_metadata", "client_name", "two\nlines"),
        ("invalid_client_metadata", "subject_type", "private"),
    ],
)
def test_3_2_2_the_error_names_the_member(
    send: Send, open_registration: None, error: str, member: str, value: Any
) -> None:
    answer = register(send, **{member: value})
    assert (answer.status, answer.json()["error"]) == (400, error)
    assert member in answer.json()["error_description"]
    assert not OAuthClient.objects.exists()


def test_jwks_and_jwks_uri_exclude_each_other(send: Send, open_registration: None) -> None:
    key = {"kty": "RSA", "n": "AQAB", "e": "AQAB"}
    answer = register(send, jwks={"keys": [key]}, jwks_uri="https://client.example/jwks")
    assert answer.json()["error"] == "invalid_client_metadata"


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b'{"a": 1, "a": 2}', b'{"a": NaN}'])
def test_the_body_must_be_a_json_object(send: Send, open_registration: None, body: bytes) -> None:
    answer = send("POST", PATH, "", body, {"Content-Type": "application/json"})
    assert (answer.status, answer.json()["error"]) == (400, "invalid_request")


def test_a_form_is_415(send: Send, open_registration: None) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert send("POST", PATH, "", b"redirect_uris=x", headers).status == 415


# --- What kind of client it becomes -----------------------------------------------------------


def kind_of(answer: Any) -> tuple[str, bool]:
    row = OAuthClient.objects.get(client_id=answer.json()["client_id"])
    return row.profile, row.require_pkce


def test_by_default_a_client_with_a_secret_may_leave_pkce_away(
    send: Send, open_registration: None
) -> None:
    assert kind_of(register(send)) == ("oidc-compat", False)
    assert kind_of(register(send, token_endpoint_auth_method="none")) == ("oidc-compat", True)


def test_strict_means_pkce_for_everybody(send: Send, registration: Any) -> None:
    registration("open", registration_profile="strict")
    assert kind_of(register(send)) == ("web", True)
    assert kind_of(register(send, token_endpoint_auth_method="none")) == ("spa", True)
    assert register(send, response_types=["id_token"]).status == 400


def test_a_native_app_gets_no_secret_and_may_use_its_own_scheme(
    send: Send, open_registration: None
) -> None:
    answer = register(send, application_type="native", redirect_uris=["com.example.app:/cb"])
    assert answer.status == 201
    assert answer.json()["application_type"] == "native"
    assert answer.json()["token_endpoint_auth_method"] == "none"
    assert "client_secret" not in answer.json()
    assert register(send, redirect_uris=["com.example.app:/cb"]).status == 400


def test_machines_need_a_token_that_says_what_they_may(send: Send, open_registration: None) -> None:
    machine = {"redirect_uris": None, "grant_types": ["client_credentials"]}
    refused = register(send, **machine)
    assert (refused.status, refused.json()["error"]) == (400, "invalid_client_metadata")
    made = register(send, initial_access_token(scope="reports.read"), **machine)
    assert made.status == 201
    assert (made.json()["scope"], made.json()["response_types"]) == ("reports.read", [])


def test_scopes_of_apis_need_a_token_that_names_them(send: Send, open_registration: None) -> None:
    assert register(send, scope="openid reports.read").json()["scope"] == "openid"
    allowed = register(send, initial_access_token(scope="reports.read"), scope="reports.read")
    assert allowed.json()["scope"] == "reports.read"


# --- What software of today sends --------------------------------------------------------------

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"


@pytest.mark.parametrize(
    ("member", "sent", "registered"),
    [
        ("grant_types", ["authorization_code", DEVICE_CODE, "password"], ["authorization_code"]),
        ("grant_types", [DEVICE_CODE, "authorization_code"], ["authorization_code"]),
        ("response_types", ["code", "none", "code token x"], ["code"]),
    ],
)
def test_2_unknown_types_beside_known_ones_are_left_out(
    send: Send, open_registration: None, member: str, sent: list[str], registered: list[str]
) -> None:
    answer = register(send, **{member: sent})
    assert (answer.status, answer.json()[member]) == (201, registered)


@pytest.mark.parametrize(
    ("member", "sent"),
    [
        ("grant_types", [DEVICE_CODE]),
        ("grant_types", ["authorization_code", 7]),
        ("response_types", ["none", "token"]),
        ("response_types", ["code", None]),
    ],
)
def test_2_nothing_but_unknown_types_is_an_error(
    send: Send, open_registration: None, member: str, sent: list[Any]
) -> None:
    answer = register(send, **{member: sent})
    assert (answer.status, answer.json()["error"]) == (400, "invalid_client_metadata")
    assert member in answer.json()["error_description"]


def test_an_empty_text_is_a_member_left_out(send: Send, open_registration: None) -> None:
    plain = register(send).json()
    known = {**COLUMNS, **ADDITIONAL}.keys() - OWN_SWITCHES - {"redirect_uris"}
    empty = dict.fromkeys([*known, "client_name#de", "application_type", "software_statement"], "")
    answer = register(send, **empty)
    assert answer.status == 201, answer.text
    differing = {"client_id", "client_secret", "registration_access_token", "client_id_issued_at"}
    differing |= {"registration_client_uri"}
    made = answer.json()
    assert {k: v for k, v in made.items() if k not in differing} == {
        k: v for k, v in plain.items() if k not in differing
    }


def test_rfc7517_5_an_unknown_key_does_not_keep_a_client_out(
    send: Send, open_registration: None
) -> None:
    keys = {
        "keys": [public_jwk("ES256", kid="one"), {"kty": "AKP", "alg": "ML-DSA-44", "pub": "A"}]
    }
    answer = register(send, token_endpoint_auth_method="private_key_jwt", jwks=keys)
    assert (answer.status, answer.json()["jwks"]) == (201, keys)
    claims = {
        "iss": answer.json()["client_id"],
        "sub": answer.json()["client_id"],
        "aud": ISSUER,
        "exp": int(time.time()) + 60,
        "jti": secrets.token_hex(8),
    }
    assertion = jwt.encode(claims, PRIVATE_KEYS["ES256"], "ES256", {"kid": "one"})
    form = {
        "token": "x",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": assertion,
    }
    introspected = send(
        "POST", "/oauth2/introspect", "", urlencode(form).encode(), {"Content-Type": FORM}
    )
    assert introspected.json() == {"active": False}


# --- What an operator allows -------------------------------------------------------------------


def test_the_setting_says_which_scopes_clients_may_ask_for(send: Send, registration: Any) -> None:
    registration("open", registration_scopes=("openid", "profile", "reports.read"))
    asked = register(send, scope="openid reports.read email admin.write")
    assert asked.json()["scope"] == "openid reports.read"
    assert register(send).json()["scope"] == "openid profile reports.read"
    assert register(send, scope="email").status == 400
    more = register(send, initial_access_token(scope="admin.write"), scope="email admin.write")
    assert more.json()["scope"] == "admin.write"


def test_a_machine_gets_no_scope_about_people_by_the_setting(send: Send, registration: Any) -> None:
    registration("open", registration_scopes=("openid", "email", "reports.read"))
    machine = {"redirect_uris": None, "grant_types": ["client_credentials"]}
    made = register(send, initial_access_token(), **machine)
    assert (made.status, made.json()["scope"]) == (201, "reports.read")


CURSOR = "cursor://app.cursor/oauth/callback"


def test_the_setting_names_schemes_that_clients_may_have(send: Send, registration: Any) -> None:
    editor = {"redirect_uris": [REDIRECT_URI, CURSOR], "token_endpoint_auth_method": "none"}
    registration("open")
    assert register(send, **editor).json()["error"] == "invalid_redirect_uri"
    registration("open", registration_schemes=("cursor", "other"))
    made = register(send, **editor)
    assert (made.status, made.json()["redirect_uris"]) == (201, editor["redirect_uris"])
    assert "private_use_schemes" not in made.json()
    row = OAuthClient.objects.get()
    assert row.private_use_schemes == ["cursor"]  # what it uses, and no more
    native = register(send, application_type="native", redirect_uris=[CURSOR, "com.example:/cb"])
    assert native.status == 201
    unlisted = register(send, redirect_uris=["vscode://app/cb"], private_use_schemes=["vscode"])
    assert unlisted.json()["error"] == "invalid_redirect_uri"

    # The operator thinks otherwise: who is there stays.
    registration("open", registration_schemes=())
    change = {"client_id": row.client_id, "client_name": "New name", **editor}
    token = made.json()["registration_access_token"]
    assert call(send, "PUT", path_of(made.json()), change, token).status == 200
    assert register(send, **editor).status == 400


def test_rfc8252_8_5_a_native_app_may_have_a_secret_of_each_installation(
    send: Send, open_registration: None
) -> None:
    answer = register(
        send,
        application_type="native",
        redirect_uris=["http://127.0.0.1/cb", "com.example.app:/cb", REDIRECT_URI],
        token_endpoint_auth_method="client_secret_basic",
    )
    assert answer.status == 201
    assert (answer.json()["application_type"], len(answer.json()["client_secret"])) == (
        "native",
        43,
    )
    assert kind_of(answer) == ("native", True)


# --- How often --------------------------------------------------------------------------------


def test_a_network_registers_so_often_and_no_more(
    send: Send, registration: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oidc.registration.rate_limit.network_of", lambda _: secrets.token_hex(8))
    registration("open", rate_limits=True, registrations_per_hour=2)
    assert [register(send).status for _ in range(4)] == [201] * 4  # from four networks
    network = secrets.token_hex(8)
    monkeypatch.setattr("oidc.registration.rate_limit.network_of", lambda _: network)
    answers = [register(send) for _ in range(3)]
    assert [answer.status for answer in answers] == [201, 201, 429]
    assert 0 < int(answers[-1].header("Retry-After")) <= 3600


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7/32"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("", ""),
    ],
)
def test_an_ipv6_connection_counts_as_one(address: str, network: str) -> None:
    assert network_of(address) == network
