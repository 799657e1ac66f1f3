"""Reading, replacing and removing a registration: RFC 7592."""

from __future__ import annotations

from typing import Any

import pytest

from oidc.clients.judgement import OWN_SWITCHES_THAT_END, OWN_SWITCHES_THAT_STAY
from oidc.clients.service import create_client, disable_client, update_client
from oidc.models import ClientRegistration, Consent, FailedRequest, OAuthClient
from oidc.registration.members import OWN_SWITCHES
from oidc.requests.consent import remember_consent
from tests.clients.keys_for_tests import public_jwk
from tests.protocol.registering import PATH, call, initial_access_token, path_of, register
from tests.protocol.test_no_secret_in_logs import written_log
from tests.support.doors import Answer, Browser, Send
from tests.support.relying_party import REDIRECT_URI, RelyingParty, sign_in

pytestmark = pytest.mark.usefixtures("open_registration")


class Registration:
    """A registered client that manages itself."""

    def __init__(self, send: Send, token: str | None = None, **members: Any) -> None:
        self.send = send
        answer = register(send, token, **members)
        assert answer.status == 201, answer.text
        self.first: dict[str, Any] = answer.json()
        self.path = path_of(self.first)
        self.token = self.first["registration_access_token"]

    @property
    def row(self) -> OAuthClient:
        return OAuthClient.objects.get(client_id=self.first["client_id"])

    def read(self) -> Answer:
        return call(self.send, "GET", self.path, token=self.token)

    def replace(self, **members: Any) -> Answer:
        """Replace with what is required, and these members; None leaves one out."""
        required = {"client_id": self.first["client_id"], "redirect_uris": [REDIRECT_URI]}
        whole = {name: value for name, value in {**required, **members}.items() if value}
        return call(self.send, "PUT", self.path, whole, self.token)

    def remove(self) -> Answer:
        return call(self.send, "DELETE", self.path, token=self.token)


def test_the_whole_life_of_a_client(send: Send, alice: Any) -> None:
    client = Registration(send, client_name="Shop", contacts=["ops@shop.example"])
    secret = client.first["client_secret"]
    party = RelyingParty(send, client.first["client_id"], secret, scope="openid")
    assert party.tokens_for(alice)["id_token"]

    read = client.read()
    assert read.status == 200
    assert read.header("Cache-Control") == "no-store"
    without_secret = {"client_secret", "client_secret_expires_at"}
    assert read.json() == {k: v for k, v in client.first.items() if k not in without_secret}

    replaced = client.replace(client_name="Big Shop")
    assert replaced.status == 200
    assert replaced.json()["client_name"] == "Big Shop"
    assert "contacts" not in replaced.json()
    assert party.tokens_for(alice)["id_token"]  # the secret is still the same

    assert client.remove().status == 204
    for answer in (client.read(), client.replace(), client.remove()):
        assert (answer.status, answer.json()["error"]) == (401, "invalid_token")
    assert not ClientRegistration.objects.exists()
    assert party.token({"grant_type": "refresh_token", "refresh_token": "x"}).status == 401


# --- The registration access token ------------------------------------------------------------


def test_another_clients_token_opens_nothing(send: Send) -> None:
    one, other = Registration(send), Registration(send)
    one.token, one_token = other.token, one.token
    for answer in (one.read(), one.replace(), one.remove()):
        assert (answer.status, answer.json()["error"]) == (401, "invalid_token")
        assert 'error="invalid_token"' in answer.header("WWW-Authenticate")
    one.token = one_token
    assert one.read().status == 200


def test_without_a_token_there_is_a_challenge(send: Send) -> None:
    answer = call(send, "GET", Registration(send).path)
    assert answer.status == 401
    assert answer.header("WWW-Authenticate") == 'Bearer realm="gatehouse"'


def test_unknown_clients_and_clients_of_admins_have_no_address(send: Send) -> None:
    made = create_client("App", "web", metadata={"redirect_uris": [REDIRECT_URI]}).client
    for client_id in ("unknown", made.client_id):
        for token in ("x", ""):
            answer = call(send, "GET", f"{PATH}/{client_id}", token=token)
            assert answer.status == (401 if token else 400)


def test_nothing_lies_deeper_or_just_below(send: Send) -> None:
    client = Registration(send)
    for path in (f"{PATH}/", f"{client.path}/more"):
        assert call(send, "GET", path, token=client.token).status == 404


def test_a_disabled_client_cannot_come_back_by_itself(send: Send) -> None:
    client = Registration(send)
    disable_client(client.row)
    for answer in (client.read(), client.replace(), client.remove()):
        assert (answer.status, answer.json()["error"]) == (403, "access_denied")
    assert not client.row.is_active


# --- 2.2 Replacing ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "members",
    [
        {"client_id": "another"},
        {"client_id": None},
        {"client_secret": "chosen-by-the-client"},
        {"client_secret": ["x"]},
        {"registration_access_token": "x"},
        {"registration_client_uri": "https://client.example/"},
        {"client_secret_expires_at": 1},
        {"client_id_issued_at": 1},
    ],
)
def test_2_2_what_the_server_decides_is_refused(send: Send, members: dict[str, Any]) -> None:
    client = Registration(send, client_name="Before")
    answer = client.replace(client_name="After", **members)
    assert (answer.status, answer.json()["error"]) == (400, "invalid_client_metadata")
    assert next(iter(members)) in answer.json()["error_description"]
    assert client.row.client_name == "Before"


def test_2_2_the_current_secret_may_come_along(send: Send) -> None:
    client = Registration(send)
    assert client.replace(client_secret=client.first["client_secret"]).status == 200


def test_2_2_what_is_left_out_goes_back_to_its_default(send: Send) -> None:
    key_server = "https://client.example/jwks.json"
    client = Registration(
        send,
        token_endpoint_auth_method="private_key_jwt",
        jwks_uri=key_server,
        default_max_age=60,
        logo_uri="https://client.example/logo.png",
        **{"client_name#de": "Laden"},
    )
    members = client.replace().json()
    gone = {"jwks_uri", "default_max_age", "logo_uri", "client_name#de"}
    assert not gone & members.keys()
    assert members["token_endpoint_auth_method"] == "client_secret_basic"
    assert (client.row.jwks_uri, client.row.default_max_age) == ("", None)


def test_2_2_a_wrong_replacement_changes_nothing(send: Send) -> None:
    client = Registration(send, client_name="Before")
    answer = client.replace(client_name="After", redirect_uris=["http://insecure.example/"])
    assert (answer.status, answer.json()["error"]) == (400, "invalid_redirect_uri")
    assert client.row.client_name == "Before"


def test_turning_to_a_secret_gives_one_and_turning_away_takes_it(send: Send) -> None:
    client = Registration(send, token_endpoint_auth_method="none")
    assert "client_secret" not in client.first
    with_secret = client.replace().json()
    assert (len(with_secret["client_secret"]), with_secret["client_secret_expires_at"]) == (43, 0)
    assert "client_secret" not in client.replace().json()  # it has one, and nobody can read it
    public = client.replace(token_endpoint_auth_method="none")
    assert "client_secret" not in public.json()
    assert client.row.client_secrets == []
    assert client.row.require_pkce


def test_turning_public_takes_pkce_along(send: Send) -> None:
    client = Registration(send)
    assert not client.row.require_pkce
    assert client.replace(token_endpoint_auth_method="none").status == 200
    assert client.row.require_pkce


def test_what_an_admin_switched_stays(send: Send) -> None:
    client = Registration(send)
    update_client(client.row, {"trusted": True, "require_pkce": True})
    assert client.replace().status == 200
    assert client.row.trusted
    assert client.row.require_pkce


# --- What was judged ends with what it was judged by --------------------------------------------

NEW_HOST = "https://elsewhere.example/cb"
OTHER_KEYS = {"keys": [public_jwk("ES256", kid="other")]}
KEYS = {"keys": [public_jwk("RS256", kid="one")]}
JUDGED = {
    "trusted": True,
    "rotate_refresh_tokens": False,
    "access_token_lifetime_seconds": 86_400,
    "access_token_audience": ["https://api.example"],
    "introspection_audience": ["https://api.example"],
    "access_token_encryption_alg": "RSA-OAEP-256",
    "access_token_encryption_enc": "A256GCM",
    "access_token_signing_alg": "RS256",
    "access_token_typ": "JWT",
    "id_token_claims": True,
}
UNJUDGED = {
    "trusted": False,
    "rotate_refresh_tokens": True,
    "access_token_lifetime_seconds": 0,
    "access_token_audience": [],
    "introspection_audience": [],
    "access_token_encryption_alg": "",
    "access_token_encryption_enc": "",
    "access_token_signing_alg": "",
    "access_token_typ": "",
    "id_token_claims": False,
}


def judged(client: Registration) -> dict[str, Any]:
    row = client.row
    return {name: getattr(row, name) for name in JUDGED}


def judged_registration(send: Send, **members: Any) -> Registration:
    """Register an app, and let an admin judge everything about it."""
    client = Registration(send, client_name="Shop", jwks=KEYS, **members)
    update_client(client.row, JUDGED)
    assert judged(client) == JUDGED
    return client


def test_every_switch_of_an_admin_ends_or_stays() -> None:
    assert OWN_SWITCHES_THAT_END | OWN_SWITCHES_THAT_STAY == OWN_SWITCHES
    assert not OWN_SWITCHES_THAT_END & OWN_SWITCHES_THAT_STAY
    assert {*JUDGED, "require_pkce"} == OWN_SWITCHES_THAT_END


MOVES: dict[str, dict[str, Any]] = {
    "another host": {"redirect_uris": [NEW_HOST]},
    "another host besides": {"redirect_uris": [REDIRECT_URI, NEW_HOST]},
    "another port": {"redirect_uris": ["https://client.example:8443/cb"]},
    "this machine": {"redirect_uris": ["http://localhost/cb"]},
    "another name": {"client_name": "Bank"},
    "other keys": {"jwks": OTHER_KEYS},
    "keys elsewhere": {"jwks": None, "jwks_uri": "https://client.example/jwks.json"},
    "a secret that signs, and so another one": {"id_token_signed_response_alg": "HS256"},
    "a key instead of a secret": {"token_endpoint_auth_method": "private_key_jwt"},
    "initiate_login_uri": {"initiate_login_uri": "https://elsewhere.example/login"},
    "client_uri": {"client_uri": "https://elsewhere.example/"},
    "logo_uri": {"logo_uri": "https://elsewhere.example/logo.png"},
    "post_logout_redirect_uris": {"post_logout_redirect_uris": ["https://elsewhere.example/"]},
    "backchannel_logout_uri": {"backchannel_logout_uri": "https://elsewhere.example/logout"},
}


@pytest.mark.parametrize("change", MOVES.values(), ids=MOVES)
def test_a_client_that_changes_itself_loses_what_an_admin_judged(
    send: Send, change: dict[str, Any]
) -> None:
    client = judged_registration(send)
    with written_log("json") as log:
        answer = client.replace(**{"client_name": "Shop", "jwks": KEYS, **change})
    assert answer.status == 200, answer.text
    assert judged(client) == UNJUDGED
    assert '"client_judgement_ended"' in log.getvalue()
    assert client.row.registration.was_used  # an admin had taken it over


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"redirect_uris": ["https://client.example/other", "https://CLIENT.example:443/third"]},
        {"token_endpoint_auth_method": "client_secret_post"},
        {"tos_uri": "https://client.example/terms"},
    ],
    ids=str,
)
def test_what_names_nothing_new_ends_nothing(send: Send, change: dict[str, Any]) -> None:
    client = judged_registration(send)
    assert client.replace(**{"client_name": "Shop", "jwks": KEYS, **change}).status == 200
    assert judged(client) == JUDGED


def test_what_an_admin_made_stricter_stays(send: Send) -> None:
    client = Registration(send)
    assert not client.row.require_pkce
    strict = {"require_pkce": True, "access_token_lifetime_seconds": 60}
    update_client(client.row, strict)
    assert client.replace(client_name="Bank", redirect_uris=[NEW_HOST]).status == 200
    assert {name: getattr(client.row, name) for name in strict} == strict


def test_pkce_that_an_admin_made_optional_is_required_again(send: Send, registration: Any) -> None:
    client = Registration(send)
    registration("open", registration_profile="strict")
    assert client.replace(client_name="Shop").status == 200
    assert client.row.require_pkce


def test_an_admin_who_changes_a_client_keeps_what_was_judged(send: Send) -> None:
    client = judged_registration(send)
    more_keys = {"keys": [*KEYS["keys"], *OTHER_KEYS["keys"]]}
    update_client(
        client.row, {"client_name": "Bank", "redirect_uris": [NEW_HOST], "jwks": more_keys}
    )
    assert judged(client) == JUDGED


def test_a_refused_change_ends_nothing(send: Send, alice: Any) -> None:
    client = judged_registration(send)
    remember_consent(str(alice.pk), client.first["client_id"], ["openid"])
    assert client.replace(client_name="Bank", redirect_uris=["http://x.example/"]).status == 400
    assert judged(client) == JUDGED
    assert Consent.objects.exists()


def test_a_trusted_app_that_moves_asks_people(send: Send, browser: Browser, alice: Any) -> None:
    """The whole attack: a stolen registration token gets no code without a page."""
    client = judged_registration(send)
    sign_in(browser, alice)
    party = RelyingParty(send, client.first["client_id"], None, scope="openid")
    assert "code" in party.authorize(browser, prompt="none").redirect_members
    moved = client.replace(client_name="Shop", jwks=KEYS, redirect_uris=[NEW_HOST])
    assert moved.status == 200
    party.redirect_uri = NEW_HOST
    silent = party.authorize(browser, prompt="none")
    assert silent.redirect_members["error"] == "consent_required"
    assert 'value="allow"' in browser.follow(party.authorize(browser)).text


def test_permission_is_that_of_the_registration(send: Send) -> None:
    ordinary = Registration(send)
    assert ordinary.replace(scope="openid reports.read").json()["scope"] == "openid"
    more = Registration(send, initial_access_token(scope="reports.read"))
    assert more.replace(scope="openid reports.read").json()["scope"] == "openid reports.read"
    grants = ["authorization_code", "client_credentials"]
    assert ordinary.replace(grant_types=grants).status == 400
    assert more.replace(grant_types=grants).status == 200


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_other_methods_are_405(send: Send, method: str) -> None:
    client = Registration(send)
    answer = call(send, method, client.path, {}, client.token)
    assert (answer.status, answer.header("Allow")) == (405, "GET, HEAD, PUT, DELETE")


@pytest.mark.parametrize("form", ["json", "console"])
def test_no_token_or_secret_is_written_down(send: Send, form: str) -> None:
    token = initial_access_token()
    with written_log(form) as log:
        client = Registration(send, token)
        client.read()
        client.replace(client_secret=client.first["client_secret"])
        register(send, token)  # used up
        client.token, right = "made-up-registration-token", client.token
        client.read()
        client.token = right
        client.remove()
    failures = str(list(FailedRequest.objects.values()))
    assert "register" in log.getvalue() and "used up" in failures
    secrets = (token, right, client.first["client_secret"], "made-up-registration-token")
    assert [secret for secret in secrets if secret in log.getvalue() + failures] == []
