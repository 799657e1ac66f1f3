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


PLACES = ("client_secret_basic", "client_secret_post")


def sent_in(place: str, send: Send, client: RelyingParty, path: str = "/oauth2/token") -> Answer:
    """Send a client's secret in a Basic header, or in the form."""
    form = {"grant_type": "client_credentials", "token": "x"}
    headers = dict(FORM_HEADERS)
    if place == "client_secret_basic":
        headers["Authorization"] = basic(client.client_id, str(client.client_secret))
    else:
        form |= {"client_id": client.client_id, "client_secret": str(client.client_secret)}
    return send("POST", path, "", urlencode(form).encode(), headers)


def machine_with(send: Send, method: str, **metadata: object) -> RelyingParty:
    return RelyingParty.register(
        send, "machine", scope="api", token_endpoint_auth_method=method, **metadata
    )


@pytest.mark.parametrize("path", ["/oauth2/token", "/oauth2/revoke", "/oauth2/introspect"])
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("registered", PLACES)
def test_2_3_1_a_secret_is_taken_in_either_place(
    send: Send, registered: str, place: str, path: str
) -> None:
    client = machine_with(send, registered)
    assert sent_in(place, send, client, path).status == 200
    client.client_secret = f"{client.client_secret}x"
    refused = sent_in(place, send, client, path)
    assert assert_refused(refused, 401)["error_description"] == "client authentication failed"


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("registered", PLACES)
def test_an_admin_may_insist_on_the_place(send: Send, registered: str, place: str) -> None:
    client = machine_with(send, registered, require_registered_auth_method=True)
    answer = sent_in(place, send, client)
    assert answer.status == (200 if place == registered else 401)
    if place != registered:
        told = assert_refused(answer, 401)["error_description"]
        assert told.endswith(f": the registered method is {registered}")


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    "metadata",
    [
        {"token_endpoint_auth_method": "client_secret_jwt"},
        {
            "token_endpoint_auth_method": "private_key_jwt",
            "jwks_uri": "https://client.example/jwks.json",
        },
    ],
    ids=lambda metadata: metadata["token_endpoint_auth_method"],
)
def test_a_stronger_method_is_not_replaced_by_a_secret(
    send: Send, metadata: dict[str, str], place: str
) -> None:
    client = RelyingParty.register(send, "machine", scope="api", **metadata)
    client.client_secret = client.client_secret or "made up"
    refused = assert_refused(sent_in(place, send, client), 401)
    assert refused["error"] == "invalid_client"
    told = refused["error_description"]
    assert told.endswith(f"the registered method is {metadata['token_endpoint_auth_method']}")


def test_the_refusal_tells_which_method_is_registered(
    send: Send, machine: RelyingParty, spa: RelyingParty
) -> None:
    """An app learns what to change; of a client that there is not, nobody learns anything."""
    machine.client_secret, spa.client_secret = None, "made up"
    refused = machine.token({"grant_type": "client_credentials"})
    told = assert_refused(refused, 401)
    assert told["error_description"].endswith("the registered method is client_secret_basic")
    challenge = refused.header("WWW-Authenticate")  # some libraries read no more than this
    assert challenge.startswith('Basic realm="gatehouse", error="invalid_client", ')
    assert challenge.endswith(f', error_description="{told["error_description"]}"')
    told = assert_refused(spa.token({"grant_type": "refresh_token"}), 401)
    assert told["error_description"].endswith("the registered method is none")
    spa.client_id = "unknown"
    refused = spa.token({"grant_type": "refresh_token"})
    told = assert_refused(refused, 401)
    assert told["error_description"] == "client authentication failed"
    assert refused.header("WWW-Authenticate") == 'Basic realm="gatehouse"'


@pytest.mark.parametrize("path", ["/oauth2/token", "/oauth2/revoke"])
def test_2_3_1_a_public_client_may_leave_the_secret_of_a_basic_header_empty(
    send: Send, spa: RelyingParty, path: str
) -> None:
    """So requests-oauthlib names it by default, and Go's x/oauth2 at its first attempt."""
    headers = FORM_HEADERS | {"Authorization": basic(spa.client_id, "")}
    body = b"grant_type=refresh_token&refresh_token=x&token=x"
    answer = send("POST", path, "", body, headers)
    if path == "/oauth2/token":
        assert assert_refused(answer, 400)["error"] == "invalid_grant"
    else:
        assert answer.status == 200
    refused = send("POST", "/oauth2/introspect", "", body, headers)
    assert assert_refused(refused, 401)["error"] == "invalid_client"


def test_2_3_1_an_empty_secret_is_no_method_of_a_client_that_has_one(
    send: Send, machine: RelyingParty
) -> None:
    told = assert_refused(token_by(send, basic(machine.client_id, "")), 401)
    assert told["error_description"].endswith("the registered method is client_secret_basic")
    body = f"grant_type=client_credentials&client_id={machine.client_id}&client_secret=x".encode()
    headers = FORM_HEADERS | {"Authorization": basic(machine.client_id, "")}
    twice = assert_refused(send("POST", "/oauth2/token", "", body, headers), 400)
    assert twice["error"] == "invalid_request"


def test_2_3_1_secret_in_the_form(send: Send) -> None:
    client = machine_with(send, "client_secret_post")
    good, client.client_secret = client.client_secret, None
    form = {"grant_type": "client_credentials"}
    assert client.token(form | {"client_secret": good}).status == 200
    for secret in (good[:-1], good + "x", MARKER):
        answer = client.token(form | {"client_secret": secret})
        assert assert_refused(answer, 401)["error"] == "invalid_client"
    body = urlencode(form | {"client_secret": good}).encode()
    assert_refused(send("POST", "/oauth2/token", "", body, FORM_HEADERS), 401)
