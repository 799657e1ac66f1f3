"""Client authentication with a secret. RFC 6749 sections 2.3, 2.3.1 and 5.2; RFC 7617 section 2."""

from __future__ import annotations

import base64
import hashlib
from urllib.parse import quote, urlencode

import pytest

from oidc.clients.repository import cache
from oidc.models import FailedRequest, OAuthClient
from tests.support.battery import FORM_HEADERS, MARKER, assert_refused, forged
from tests.support.doors import Answer, Browser, Send
from tests.support.relying_party import RelyingParty, basic

BASIC = {
    "nothing": "Basic",
    "spaces": "Basic    ",
    "not base64": "Basic !!!!",
    "wrong padding": "Basic YTpi=",
    "no colon": "Basic " + base64.b64encode(b"abc").decode(),
    "no id": "Basic " + base64.b64encode(b":secret").decode(),
    "no secret": "Basic " + base64.b64encode(b"id:").decode(),
    "invalid UTF-8": "Basic " + base64.b64encode(b"\xff:\xfe").decode(),
    "percent-encoded invalid UTF-8": "Basic " + base64.b64encode(b"%ff:%fe").decode(),
    "NUL": "Basic " + base64.b64encode(b"a\0b:c").decode(),
    "percent-encoded NUL": "Basic " + base64.b64encode(b"a%00b:c").decode(),
    "line break": "Basic " + base64.b64encode(b"a\r\nb:c").decode(),
    "beyond ASCII": "Basic \xe9\xe9\xe9\xe9",
    "huge": "Basic " + base64.b64encode(b"a" * 50_000 + b":b").decode(),
    "marker": basic(MARKER, MARKER),
    "two of them": basic("a", "b") + ", " + basic("c", "d"),
    "Bearer": f"Bearer {MARKER}",
    "Digest": f'Digest username="{MARKER}"',
    "no scheme": MARKER,
}


@pytest.mark.parametrize("path", ["/oauth2/token", "/oauth2/revoke", "/oauth2/introspect"])
@pytest.mark.parametrize("authorization", BASIC.values(), ids=BASIC)
def test_rfc6749_2_3_1_malformed_credentials(send: Send, path: str, authorization: str) -> None:
    body = b"grant_type=client_credentials&token=x"
    answer = send("POST", path, "", body, FORM_HEADERS | {"Authorization": authorization})
    assert assert_refused(answer, 401)["error"] == "invalid_client"
    assert answer.header("WWW-Authenticate").startswith("Basic ")


def test_rfc6749_2_3_two_authentications(
    send: Send, web: RelyingParty, spa: RelyingParty, machine: RelyingParty
) -> None:
    assertion = {
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": forged({"alg": "ES256"}, {"iss": "x", "sub": "x"}),
    }
    form = {"grant_type": "client_credentials", "token": "x"}
    header = {"Authorization": basic(machine.client_id, machine.client_secret)}
    secret = {"client_id": machine.client_id, "client_secret": machine.client_secret}
    for path in ("/oauth2/token", "/oauth2/revoke", "/oauth2/introspect"):
        for fields, more in ((assertion, header), (secret, header), (assertion | secret, {})):
            body = urlencode(form | fields).encode()
            refused = assert_refused(send("POST", path, "", body, FORM_HEADERS | more), 400)
            assert refused["error"] == "invalid_request"


def test_rfc6749_2_3_client_id_of_somebody_else(machine: RelyingParty, web: RelyingParty) -> None:
    form = {"grant_type": "client_credentials", "client_id": web.client_id}
    assert assert_refused(machine.token(form), 400)["error"] == "invalid_request"
    assert machine.token(form | {"client_id": machine.client_id}).status == 200


@pytest.mark.parametrize("client_id", ["x" * 5000, "é", "\u202e", "a b", "' OR 1=1 --", "%00"])
def test_odd_client_ids_are_unknown_clients(send: Send, browser: Browser, client_id: str) -> None:
    body = f"grant_type=refresh_token&client_id={quote(client_id, safe='')}".encode()
    assert_refused(send("POST", "/oauth2/token", "", body, FORM_HEADERS), 401)
    page = browser.get("/oauth2/authorize", client_id=client_id, redirect_uri="https://a.example")
    assert_refused(page, 400)


def test_a_secret_is_compared_whole(machine: RelyingParty) -> None:
    good = machine.client_secret
    stored = hashlib.sha256(good.encode()).hexdigest()
    for secret in (good[:-1], good + "x", good.swapcase(), " " + good, stored, "\u00e9"):
        machine.client_secret = secret
        assert machine.token({"grant_type": "client_credentials"}).status == 401
    machine.client_secret = good
    assert machine.token({"grant_type": "client_credentials"}).status == 200


def with_secret(client: RelyingParty, secret: str) -> None:
    """Give a client a secret of another make than ours."""
    row = OAuthClient.objects.get(client_id=client.client_id)
    sha256 = hashlib.sha256(secret.encode()).hexdigest()
    row.client_secrets = [{"sha256": sha256, "created_at": 0, "expires_at": 0}]
    row.save()
    cache.clear()
    client.client_secret = secret


def token_by(send: Send, authorization: str) -> Answer:
    body = b"grant_type=client_credentials"
    return send("POST", "/oauth2/token", "", body, FORM_HEADERS | {"Authorization": authorization})


def test_2_3_1_id_and_secret_are_form_urlencoded(send: Send, machine: RelyingParty) -> None:
    with_secret(machine, "a+b c%:/\u00e9")
    assert token_by(send, basic(machine.client_id, machine.client_secret)).status == 200
    plus = f"{machine.client_id}:a%2Bb+c%25%3A%2F%C3%A9".encode()
    assert token_by(send, "Basic " + base64.b64encode(plus).decode()).status == 200
    raw = f"{machine.client_id}:{machine.client_secret}".encode()
    assert token_by(send, "Basic " + base64.b64encode(raw).decode()).status == 401


def test_rfc7617_2_only_basic_and_only_base64(send: Send, machine: RelyingParty) -> None:
    good = basic(machine.client_id, machine.client_secret)
    encoded = good.removeprefix("Basic ")
    for accepted in (good, f"basic {encoded}", f"BASIC  {encoded} "):
        assert token_by(send, accepted).status == 200
    for refused in (
        f"Bearer {encoded}",
        encoded,
        f"Basic{encoded}",
        f"Basic {encoded[:8]}!{encoded[8:]}",
        f"Basic {encoded[:8]} {encoded[8:]}",
        f"Basic {encoded},",
    ):
        assert_refused(token_by(send, refused), 401)


def test_an_empty_secret_is_none_whatever_is_stored(send: Send, machine: RelyingParty) -> None:
    with_secret(machine, "")
    pair = base64.b64encode(f"{machine.client_id}:".encode()).decode()
    assert_refused(token_by(send, f"Basic {pair}"), 401)
    form = {"client_id": machine.client_id, "client_secret": ""}
    assert_refused(machine.token({"grant_type": "client_credentials", **form}), 400, 401)


@pytest.mark.parametrize("pair", ["a\r\nb:c", "a\0:c", "\u202ea:c"])
def test_unprintable_names_do_not_reach_the_log(send: Send, pair: str) -> None:
    encoded = base64.b64encode(pair.encode()).decode()
    assert_refused(token_by(send, f"Basic {encoded}"), 401)
    assert FailedRequest.objects.latest("pk").client_id == ""


def test_2_3_1_secret_in_the_form(send: Send) -> None:
    client = RelyingParty.register(
        send, "machine", scope="api", token_endpoint_auth_method="client_secret_post"
    )
    good, client.client_secret = client.client_secret, None
    form = {"grant_type": "client_credentials"}
    assert client.token(form | {"client_secret": good}).status == 200
    for secret in (good[:-1], good + "x", MARKER):
        answer = client.token(form | {"client_secret": secret})
        assert assert_refused(answer, 401)["error"] == "invalid_client"
    body = urlencode(form | {"client_secret": good}).encode()
    assert_refused(send("POST", "/oauth2/token", "", body, FORM_HEADERS), 401)
    assert_refused(token_by(send, basic(client.client_id, good)), 401)
