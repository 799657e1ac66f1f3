"""Access tokens that nobody but the server can read. Specs: RFC 6749 section 1.4; RFC 7662."""

from __future__ import annotations

import base64
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oidc.clients.service import update_client
from oidc.keys.jws import InvalidToken
from oidc.models import OAuthClient
from oidc.tokens import opaque
from tests.keys.test_derived_keys import NEW, OLD, use_keys
from tests.support.doors import Send
from tests.support.relying_party import ISSUER, RelyingParty
from tests.support.tokens import half_hash, verified

API = "https://payroll.example"


@pytest.fixture
def client(send: Send) -> RelyingParty:
    return RelyingParty.register(send, access_token_format="opaque")


def is_opaque(token: str) -> bool:
    """Tell whether neither its parts nor its bytes say anything."""
    raw = base64.urlsafe_b64decode(token.removeprefix(opaque.PREFIX) + "==")
    return token.startswith(opaque.PREFIX) and token.count(".") == 1 and b"sub" not in raw


def test_it_is_used_everywhere_without_being_read(
    send: Send, alice: Any, client: RelyingParty
) -> None:
    tokens = client.tokens_for(alice)
    token = tokens["access_token"]
    assert is_opaque(token)
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 900)
    assert client.userinfo(token).json()["sub"] == str(alice.pk)
    identity = verified(send, tokens["id_token"], client.client_id)
    assert identity["at_hash"] == half_hash("RS256", token)
    refreshed = client.refresh(tokens["refresh_token"]).json()["access_token"]
    assert is_opaque(refreshed)
    assert client.revoke(token).status == 200
    assert client.userinfo(token).status == 401
    assert client.userinfo(refreshed).status == 200


def test_rfc7662_2_2_introspection_tells_what_a_jwt_would(
    send: Send, alice: Any, client: RelyingParty
) -> None:
    told = client.introspect(client.tokens_for(alice)["access_token"]).json()
    plain = RelyingParty.register(send)
    expected = plain.introspect(plain.tokens_for(alice)["access_token"]).json()
    assert told.keys() == expected.keys()
    assert (told["active"], told["sub"], told["aud"]) == (True, str(alice.pk), ISSUER)


def test_its_grant_ends_with_the_second_use_of_the_code(alice: Any, client: RelyingParty) -> None:
    code = client.code_for(alice)
    token = client.redeem(code).json()["access_token"]
    assert client.redeem(code).status == 400
    assert client.introspect(token).json() == {"active": False}


def test_an_api_may_want_it_for_all_its_tokens(send: Send, alice: Any) -> None:
    api = RelyingParty.register(
        send, "machine", scope="x", introspection_audience=[API], access_token_format="opaque"
    )
    app = RelyingParty.register(send, access_token_audience=[API])
    other = RelyingParty.register(send, access_token_audience=["https://other.example"])
    token = app.tokens_for(alice)["access_token"]
    assert is_opaque(token)
    assert api.introspect(token).json()["aud"] == [API, ISSUER]
    assert not is_opaque(other.tokens_for(alice)["access_token"])
    update_client(OAuthClient.objects.get(client_id=api.client_id), {"access_token_format": "jwt"})
    verified(send, app.tokens_for(alice)["access_token"], API)
    assert api.introspect(token).json()["active"]


def test_a_machines_token_is_opaque_too(send: Send) -> None:
    machine = RelyingParty.register(send, "machine", scope="pay", access_token_format="opaque")
    token = machine.token({"grant_type": "client_credentials"}).json()["access_token"]
    assert is_opaque(token)
    assert machine.introspect(token).json()["sub"] == machine.client_id
    assert machine.revoke(token).status == 200
    assert machine.introspect(token).json() == {"active": False}


def test_another_client_learns_nothing(send: Send, alice: Any, client: RelyingParty) -> None:
    token = client.tokens_for(alice)["access_token"]
    assert RelyingParty.register(send).introspect(token).json() == {"active": False}


# --- The format -----------------------------------------------------------------------------------


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    return {"iss": ISSUER, "sub": "somebody", "iat": now, "exp": now + 60} | changes


def test_two_tokens_have_nothing_in_common() -> None:
    said = claims()
    first, second = [opaque.seal(said).removeprefix(opaque.PREFIX) for _ in range(2)]
    assert first[2:30] != second[2:30]
    assert opaque.unseal(opaque.PREFIX + first) == opaque.unseal(opaque.PREFIX + second) == said


@pytest.mark.parametrize("position", [0, 1, 20, 40, -1, -2])
def test_a_changed_token_is_refused(position: int) -> None:
    token = list(opaque.seal(claims()))
    place = position if position < 0 else position + len(opaque.PREFIX)
    token[place] = "B" if token[place] == "A" else "A"
    with pytest.raises(InvalidToken):
        opaque.unseal("".join(token))


@pytest.mark.parametrize(
    "said",
    [
        pytest.param({"exp": 1}, id="expired"),
        pytest.param({"iss": "https://other.example"}, id="another issuer"),
        pytest.param({"iat": 2**40}, id="from the future"),
    ],
)
def test_what_it_says_is_checked_as_in_a_signed_one(said: dict[str, Any]) -> None:
    with pytest.raises(InvalidToken):
        opaque.unseal(opaque.seal(claims(**said)))


def test_a_new_secret_key_opens_what_the_old_one_sealed(settings: Any) -> None:
    use_keys(settings, OLD)
    token = opaque.seal(claims())
    use_keys(settings, NEW, OLD)
    assert opaque.unseal(token)["sub"] == "somebody"
    use_keys(settings, NEW)
    with pytest.raises(InvalidToken):
        opaque.unseal(token)


@given(st.text("AQgw-_=é.", max_size=80))
@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_nothing_else_is_opened(text: str) -> None:
    with pytest.raises(InvalidToken):
        opaque.unseal(opaque.PREFIX + text)
