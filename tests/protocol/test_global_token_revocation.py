"""Global Token Revocation, draft-parecki-oauth-global-token-revocation-06; RFC 9493."""

from __future__ import annotations

import json
from typing import Any

import pytest

from oidc.clients.service import disable_client
from oidc.conf import configuration
from oidc.endpoints.metadata import provider_metadata
from oidc.models import OAuthClient
from oidc.stores.redis import sign_ons
from tests.support.battery import DEEP
from tests.support.doors import Answer, Browser, Send
from tests.support.relying_party import ISSUER, RelyingParty, new_person
from tests.support.signing_out import BACK_CHANNEL, notified, register, signed_in_through

PATH = "/oauth2/global-token-revocation"
SCOPE = "global_token_revocation"


class Incident:
    """A tool that answers to incidents."""

    def __init__(self, send: Send, client: RelyingParty) -> None:
        self._send, self.client = send, client
        self.token = self.new_token()

    def new_token(self, scope: str = SCOPE) -> str:
        form: dict[str, str | None] = {"grant_type": "client_credentials", "scope": scope}
        return self.client.token(form).json()["access_token"]

    def revoke(self, sub_id: Any, **more: Any) -> Answer:
        return self.post(json.dumps({"sub_id": sub_id, **more}))

    def post(self, body: str | bytes, token: str | None = None, **headers: str) -> Answer:
        data = body if isinstance(body, bytes) else body.encode()
        own = {"Content-Type": "application/json", **headers}
        own["Authorization"] = f"Bearer {token or self.token}"
        return self._send("POST", PATH, "", data, own)


def trust(settings: Any, *client_ids: str) -> None:
    settings.GATEHOUSE = {**settings.GATEHOUSE, "global_token_revocation_clients": client_ids}


@pytest.fixture
def incident(send: Send, settings: Any) -> Incident:
    client = RelyingParty.register(send, "machine", scope=f"{SCOPE} api")
    trust(settings, client.client_id)
    return Incident(send, client)


def formats(person: Any) -> list[dict[str, str]]:
    return [
        {"format": "iss_sub", "iss": ISSUER, "sub": str(person.pk)},
        {"format": "email", "email": person.email.upper()},
        {"format": "opaque", "id": str(person.pk)},
    ]


# --- Sections 3.2 to 3.4: everything ends ---------------------------------------------------------


@pytest.mark.parametrize("number", range(3), ids=["iss_sub", "email", "opaque"])
def test_3_3_everything_of_the_person_ends_and_apps_are_told(
    send: Send, browser: Browser, alice: Any, incident: Incident, number: int
) -> None:
    client = register(send, backchannel_logout_uri=BACK_CHANNEL)
    other = Browser(send)
    tokens = [signed_in_through(each, client, alice) for each in (browser, other)]
    answer = incident.revoke(formats(alice)[number])
    assert (answer.status, answer.body) == (204, b"")
    assert sign_ons.list_for_user(str(alice.pk)) == []
    for each in (browser, other):
        error = client.authorize(each, prompt="none").redirect_members["error"]
        assert error == "login_required"
    for each in tokens:
        assert client.refresh(each["refresh_token"]).json()["error"] == "invalid_grant"
        assert client.userinfo(each["access_token"]).status == 401
    assert len(notified()) == 2


def test_3_4_1_again_is_as_good(alice: Any, incident: Incident) -> None:
    assert incident.revoke(formats(alice)[0]).status == 204
    assert incident.revoke(formats(alice)[0]).status == 204


def test_somebody_else_stays_signed_in(
    send: Send, browser: Browser, alice: Any, web: RelyingParty, incident: Incident
) -> None:
    signed_in_through(browser, web, alice)
    assert incident.revoke(formats(new_person())[1]).status == 204
    assert "code" in web.authorize(browser, prompt="none").redirect_members


# --- Section 3.4.2: who and what is refused -------------------------------------------------------

MALFORMED: dict[str, Any] = {
    "no format": {"id": "x"},
    "format of nobody": {"format": "phone_number", "phone_number": "+15551234567"},
    "format is a list": {"format": ["opaque"], "id": "x"},
    "no id": {"format": "opaque"},
    "empty id": {"format": "opaque", "id": ""},
    "id is a number": {"format": "opaque", "id": 5},
    "id is null": {"format": "opaque", "id": None},
    "one member more": {"format": "opaque", "id": "x", "email": "a@example.com"},
    "no sub": {"format": "iss_sub", "iss": ISSUER},
    "text": "opaque",
    "list": [{"format": "opaque", "id": "x"}],
    "null": None,
}


@pytest.mark.parametrize("sub_id", MALFORMED.values(), ids=MALFORMED)
def test_3_4_2_a_malformed_identifier_is_400(incident: Incident, sub_id: Any) -> None:
    answer = incident.revoke(sub_id)
    assert (answer.status, answer.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff",
        b'{"sub_id": {"format": "opaque", "id": "x"}, "sub_id": {"format": "opaque", "id": "x"}}',
        f'{{"sub_id": {DEEP}}}'.encode(),
        b'{"sub_id": {"format": "opaque", "id": "x"}, "more": 1}',
    ],
    ids=["empty", "cut", "list", "null", "not UTF-8", "twice", "deep", "more"],
)
def test_3_4_2_what_is_not_such_an_object_is_400(incident: Incident, body: bytes) -> None:
    answer = incident.post(body)
    assert (answer.status, answer.json()["error"]) == (400, "invalid_request")


def test_3_2_a_form_is_415(incident: Incident) -> None:
    answer = incident.post("sub_id=x", **{"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status == 415


@pytest.mark.parametrize(
    "sub_id",
    [
        {"format": "opaque", "id": "00000000-0000-4000-8000-000000000000"},
        {"format": "opaque", "id": "nobody"},
        {"format": "opaque", "id": "\0"},
        {"format": "email", "email": "nobody@example.com"},
        {"format": "iss_sub", "iss": ISSUER, "sub": "nobody"},
    ],
)
def test_3_4_2_nobody_is_404(incident: Incident, sub_id: Any) -> None:
    assert incident.revoke(sub_id).status == 404


def test_3_4_2_a_person_of_another_issuer_is_404(alice: Any, incident: Incident) -> None:
    sub_id = {"format": "iss_sub", "iss": f"{ISSUER}/", "sub": str(alice.pk)}
    assert incident.revoke(sub_id).status == 404


def test_3_4_2_without_a_token_is_401(send: Send, incident: Incident, alice: Any) -> None:
    body = json.dumps({"sub_id": formats(alice)[0]}).encode()
    headers = {"Content-Type": "application/json"}
    answer = send("POST", PATH, "", body, headers)
    assert answer.status == 401
    assert answer.header("WWW-Authenticate").startswith("Bearer")


def test_3_4_2_a_bad_token_is_401(incident: Incident, alice: Any) -> None:
    body = json.dumps({"sub_id": formats(alice)[0]})
    assert incident.post(body, "x").status == 401
    incident.client.revoke(incident.token)
    assert incident.post(body).status == 401


def test_3_4_2_a_disabled_client_is_401(incident: Incident, alice: Any) -> None:
    disable_client(OAuthClient.objects.get(client_id=incident.client.client_id))
    assert incident.revoke(formats(alice)[0]).status == 401


def test_6_1_the_token_must_be_for_this(incident: Incident, alice: Any) -> None:
    answer = incident.post(json.dumps({"sub_id": formats(alice)[0]}), incident.new_token("api"))
    assert (answer.status, answer.json()["error"]) == (403, "insufficient_scope")


def test_6_1_the_token_must_be_for_us(send: Send, settings: Any, alice: Any) -> None:
    client = RelyingParty.register(
        send, "machine", scope=SCOPE, access_token_audience=["https://api.example"]
    )
    trust(settings, client.client_id)
    assert Incident(send, client).revoke(formats(alice)[0]).status == 401


def test_6_1_the_scope_alone_makes_nobody_trusted(
    send: Send, incident: Incident, alice: Any
) -> None:
    """Clients may register themselves, with any scope."""
    other = Incident(send, RelyingParty.register(send, "machine", scope=SCOPE))
    assert other.revoke(formats(alice)[0]).status == 403


def test_6_1_a_person_cannot_do_it_through_a_trusted_client(
    send: Send, browser: Browser, settings: Any, alice: Any, incident: Incident
) -> None:
    agent = RelyingParty.register(send, "agent", scope=f"openid {SCOPE}")
    agent.scope = f"openid {SCOPE}"
    trust(settings, agent.client_id)
    tokens = signed_in_through(browser, agent, alice)
    answer = incident.post(json.dumps({"sub_id": formats(alice)[0]}), tokens["access_token"])
    assert answer.status == 403


# --- The switch -----------------------------------------------------------------------------------


def test_it_is_off_unless_somebody_is_named(
    send: Send, incident: Incident, settings: Any, alice: Any
) -> None:
    trust(settings)
    assert incident.revoke(formats(alice)[0]).status == 403
    headers = {"Content-Type": "application/json"}
    assert send("POST", PATH, "", b"{}", headers).status == 403
    assert not [name for name in provider_metadata() if name.startswith("global_")]
    assert configuration().global_token_revocation_clients == ()


def test_5_metadata_names_it_where_it_is_on(incident: Incident) -> None:
    metadata = provider_metadata()
    assert metadata["global_token_revocation_endpoint"] == ISSUER + PATH
    assert metadata["global_token_revocation_endpoint_auth_methods_supported"] == ["Bearer"]
