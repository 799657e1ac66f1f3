"""Request objects, by value and by reference. OpenID Connect Core 1.0 section 6; RFC 9101."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import override_settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc import jwe
from joserfc.jwk import ECKey, RSAKey

from oidc.clients.waiting import DOCUMENTS, Tenant
from oidc.models import FailedRequest
from tests.support.doors import Browser, Send
from tests.support.relying_party import ISSUER, REDIRECT_URI, RelyingParty, s256, sign_in
from tests.support.slow_servers import all_seats_taken

KEY = ec.generate_private_key(ec.SECP256R1())
OTHER_KEY = ec.generate_private_key(ec.SECP256R1())


def public_jwk(key: ec.EllipticCurvePrivateKey) -> dict[str, Any]:
    return json.loads(jwt.algorithms.ECAlgorithm.to_jwk(key.public_key())) | {"kid": "one"}


@pytest.fixture
def client(send: Send) -> RelyingParty:
    """A client with a key."""
    return RelyingParty.register(send, jwks={"keys": [public_jwk(KEY)]})


@pytest.fixture
def signed_in(browser: Browser, client: RelyingParty, alice: Any) -> Browser:
    sign_in(browser, alice)
    client.consented_by(alice)
    return browser


def object_of(client: RelyingParty, key: Any = KEY, alg: str = "ES256", **changes: Any) -> str:
    headers = {"kid": "one"} | changes.pop("headers", {})
    claims = {"iss": client.client_id, "aud": ISSUER, **client.parameters(), **changes}
    claims = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(claims, key, algorithm=alg, headers=headers)


def send_object(browser: Browser, client: RelyingParty, text: str, **outside: str) -> Any:
    least = {"client_id": client.client_id, "response_type": "code", "scope": "openid"}
    return browser.get("/oauth2/authorize", **(least | {"request": text} | outside))


def test_6_1_everything_inside(signed_in: Browser, client: RelyingParty) -> None:
    answer = send_object(signed_in, client, object_of(client))
    assert answer.location.startswith(REDIRECT_URI)
    assert answer.redirect_members["state"] == client.state
    assert client.redeem(answer.redirect_members["code"]).status == 200


@pytest.mark.parametrize(
    ("typ", "is_good"),
    [
        ("jwt", True),
        ("oauth-authz-req+jwt", True),
        ("application/OAuth-Authz-Req+JWT", True),
        ("at+jwt", False),
        ("logout+jwt", False),
        ("application/", False),
        (7, False),
    ],
)
def test_rfc9101_10_8_an_object_of_another_type_is_none(
    signed_in: Browser, client: RelyingParty, typ: Any, is_good: bool
) -> None:
    """A media type has no case, and `application/` may stand before it (RFC 7515 section 4.1.9)."""
    answer = send_object(signed_in, client, object_of(client, headers={"typ": typ}))
    if is_good:
        assert "code" in answer.redirect_members
    else:
        assert_page_tells(answer, "invalid_request_object", "another token type")


def test_6_1_inside_wins_over_outside(signed_in: Browser, client: RelyingParty) -> None:
    outside = {"state": "outside", "redirect_uri": "https://evil.example/", "nonce": "outside"}
    answer = send_object(signed_in, client, object_of(client), **outside)
    assert answer.location.startswith(REDIRECT_URI)
    assert answer.redirect_members["state"] == client.state
    tokens = client.redeem(answer.redirect_members["code"]).json()
    identity = jwt.decode(tokens["id_token"], options={"verify_signature": False})
    assert identity["nonce"] == client.nonce


def test_6_1_json_members_and_numbers(signed_in: Browser, client: RelyingParty) -> None:
    text = object_of(client, max_age=10000, claims={"userinfo": {"name": None}})
    assert "code" in send_object(signed_in, client, text).redirect_members


def assert_page_tells(answer: Any, error: str, reason: str) -> None:
    """Check that an error stays here, and that its reference leads to its reason."""
    assert (answer.status, answer.location) == (400, "")
    kept = FailedRequest.objects.get(reference=answer.header("X-Request-Id"))
    assert kept.reference in answer.text
    assert kept.error == error
    assert reason in kept.detail
    assert "redirect_uri" not in answer.text + kept.detail


def test_rfc9101_5_client_id_and_the_object_are_all_that_is_needed(
    signed_in: Browser, client: RelyingParty
) -> None:
    answer = signed_in.get(
        "/oauth2/authorize", client_id=client.client_id, request=object_of(client)
    )
    assert answer.location.startswith(REDIRECT_URI)
    assert answer.redirect_members["state"] == client.state
    assert client.redeem(answer.redirect_members["code"]).status == 200


@pytest.mark.parametrize("name", ["resource", "authorization_details", "urn:example:x", "vtr"])
@pytest.mark.parametrize(
    "value", [["a"], {"a": {"b": []}}, None, True, 1.5, "\ud800", "a\nb"], ids=repr
)
def test_rfc9101_4_unknown_members_are_ignored(
    signed_in: Browser, client: RelyingParty, name: str, value: Any
) -> None:
    claims = {"iss": client.client_id, **client.parameters(), name: value}
    text = jwt.encode(claims, KEY, algorithm="ES256", headers={"kid": "one"})
    assert "code" in send_object(signed_in, client, text).redirect_members


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("scope", ["openid"]),
        ("prompt", ["login"]),
        ("max_age", "1.5"),
        ("max_age", True),
        ("max_age", 1.5),
        ("state", {"a": 1}),
        ("nonce", None),
        ("claims", ["name"]),
        ("redirect_uri", [REDIRECT_URI]),
        ("login_hint", "a\rb"),
    ],
    ids=repr,
)
def test_rfc9101_4_a_known_member_of_another_type_is_named(
    signed_in: Browser, client: RelyingParty, name: str, value: Any
) -> None:
    claims = {"iss": client.client_id, **client.parameters(), name: value}
    text = jwt.encode(claims, KEY, algorithm="ES256", headers={"kid": "one"})
    answer = send_object(signed_in, client, text, redirect_uri=REDIRECT_URI)
    assert name in answer.redirect_members["error_description"]
    assert "code" not in answer.redirect_members


def test_registration_inside_is_refused_by_name(signed_in: Browser, client: RelyingParty) -> None:
    text = object_of(client, registration={"client_name": "X"})
    answer = send_object(signed_in, client, text)
    assert answer.redirect_members["error"] == "registration_not_supported"


LATE = int(time.time()) - 3600


@pytest.mark.parametrize(
    ("key", "change", "reason"),
    [
        (KEY, {"exp": LATE}, "ExpiredSignatureError"),
        (OTHER_KEY, {}, "InvalidSignatureError"),
        (KEY, {"aud": "https://another.example"}, "aud"),
        (KEY, {"state": ["x"]}, "state"),
    ],
    ids=["expired", "forged", "for another", "of another type"],
)
@pytest.mark.parametrize("alg", ["", "ES256"], ids=["not registered", "registered"])
def test_what_is_wrong_with_an_object_is_told_first(
    send: Send, browser: Browser, alice: Any, key: Any, change: Any, reason: str, alg: str
) -> None:
    """Where the address is inside only, there is nowhere else to tell it: nobody goes to an
    address that nobody has verified, although it is a registered one here."""
    keys = {"keys": [public_jwk(KEY)]}
    client = RelyingParty.register(send, jwks=keys, request_object_signing_alg=alg)
    sign_in(browser, alice)
    client.consented_by(alice)
    text = object_of(client, key, **change)
    answer = send_object(browser, client, text, response_mode="nonsense")
    assert_page_tells(answer, "invalid_request_object", reason)


@pytest.mark.parametrize("where", ["inside", "nowhere"])
def test_rfc6749_3_1_2_3_the_only_redirect_uri_stands_in_for_a_good_object_alone(
    send: Send, browser: Browser, alice: Any, where: str
) -> None:
    """Who knows what was in one that does not hold?"""
    client = RelyingParty.register(send, scope="api", jwks={"keys": [public_jwk(KEY)]})
    sign_in(browser, alice)
    inside = {"scope": "api", "redirect_uri": REDIRECT_URI if where == "inside" else None}
    client.consented_by(alice, "api")
    outside = {"client_id": client.client_id, "scope": "api"}
    good = browser.get("/oauth2/authorize", **outside, request=object_of(client, **inside))
    assert "code" in good.redirect_members
    forged = object_of(client, OTHER_KEY, **inside)
    answer = browser.get("/oauth2/authorize", **outside, request=forged)
    assert_page_tells(answer, "invalid_request_object", "InvalidSignatureError")


def test_what_is_wrong_with_an_object_is_told_first_to_the_client_too(
    signed_in: Browser, client: RelyingParty
) -> None:
    answer = send_object(
        signed_in,
        client,
        object_of(client, OTHER_KEY),
        redirect_uri=REDIRECT_URI,
        response_mode="nonsense",
    )
    assert answer.location.startswith(REDIRECT_URI + "?")
    assert answer.redirect_members["error"] == "invalid_request_object"


def test_an_object_that_cannot_be_had_is_told_first(
    send: Send, browser: Browser, alice: Any
) -> None:
    client = RelyingParty.register(send, request_uris=["https://client.example/r"])
    sign_in(browser, alice)
    uri = "https://client.example/other"
    answer = browser.get("/oauth2/authorize", client_id=client.client_id, request_uri=uri)
    assert_page_tells(answer, "invalid_request_uri", "not registered")


# --- Clients that sign: nothing outside counts. RFC 9101 section 6.3 --------------------------


@pytest.fixture
def signing(send: Send, browser: Browser, alice: Any) -> RelyingParty:
    """A client that registered how it signs its requests; alice, with `browser`, allowed it."""
    client = RelyingParty.register(
        send, "oidc-compat", jwks={"keys": [public_jwk(KEY)]}, request_object_signing_alg="ES256"
    )
    sign_in(browser, alice)
    client.consented_by(alice)
    return client


def test_rfc9101_6_3_outside_does_not_count(browser: Browser, signing: RelyingParty) -> None:
    """Neither what is not inside, nor what differs; nor that it comes twice, or is nonsense."""
    text = object_of(signing, state=None, nonce=None, scope="openid")
    outside = signing.parameters() | {
        "request": text,
        "response_type": "code id_token",
        "redirect_uri": "https://evil.example/",
        "response_mode": "form_post",
        "prompt": "login",
        "max_age": "x",
        "claims": "{",
    }
    query = urlencode(outside) + "&scope=openid&state=other"
    answer = browser.request("GET", "/oauth2/authorize", query)
    assert answer.location.startswith(REDIRECT_URI + "?")
    assert set(answer.redirect_members) == {"code", "iss", "session_state"}
    tokens = signing.redeem(answer.redirect_members["code"]).json()
    assert "nonce" not in jwt.decode(tokens["id_token"], options={"verify_signature": False})
    assert tokens["scope"] == "openid"


@pytest.mark.parametrize("change", [{"client_id": "another"}, {"iss": "another"}], ids=repr)
def test_rfc9101_6_3_the_client_is_the_same_inside(
    browser: Browser, signing: RelyingParty, change: dict[str, str]
) -> None:
    answer = send_object(browser, signing, object_of(signing, **change), redirect_uri=REDIRECT_URI)
    assert_page_tells(answer, "invalid_request_object", next(iter(change)))


def test_rfc9101_6_3_an_address_outside_does_not_count(
    browser: Browser, signing: RelyingParty
) -> None:
    text = object_of(signing, redirect_uri=None)
    answer = send_object(browser, signing, text, redirect_uri=REDIRECT_URI)
    assert (answer.status, answer.location) == (400, "")
    assert "redirect_uri must be inside the request object" in answer.text
    nowhere = send_object(browser, signing, text)
    assert "redirect_uri is missing" in nowhere.text


def test_a_client_that_signs_may_go_without_an_object(
    browser: Browser, signing: RelyingParty
) -> None:
    """What it registered says how objects are signed, not that there is always one."""
    assert "code" in signing.authorize(browser).redirect_members


def test_rfc9101_5_client_id_twice_is_a_page(browser: Browser, signing: RelyingParty) -> None:
    query = urlencode({"client_id": signing.client_id, "request": object_of(signing)})
    answer = browser.request("GET", "/oauth2/authorize", f"{query}&client_id={signing.client_id}")
    assert (answer.status, answer.location) == (400, "")
    twice = browser.request("GET", "/oauth2/authorize", f"{query}&request=x.y.z")
    assert twice.redirect_members["error"] == "invalid_request"


def test_an_interaction_keeps_the_effective_request(
    browser: Browser, client: RelyingParty, alice: Any
) -> None:
    sign_in(browser, alice)
    text = object_of(client, jti="only-once")
    page = browser.follow(send_object(browser, client, text))
    assert 'value="allow"' in page.text


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "another"},
        {"aud": "https://another.example"},
        {"exp": int(time.time()) - 3600},
        {"nbf": int(time.time()) + 3600},
        {"client_id": "another"},
        {"response_type": "code id_token"},
        {"request": "x"},
        {"request_uri": "https://client.example/r"},
        {"state": ["a"]},
        {"state": "a\r\nb"},
        {"state": "\ud800"},
        {"nonce": "\ud800"},
        {"login_hint": "\ud800"},
        {"sub": "the client"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_rfc9101_6_what_does_not_hold_is_invalid_request_object(
    signed_in: Browser, client: RelyingParty, change: dict[str, Any]
) -> None:
    if "sub" in change:
        change = {"sub": client.client_id}
    text = object_of(client, **change)
    answer = send_object(signed_in, client, text, redirect_uri=REDIRECT_URI)
    assert answer.redirect_members["error"] == "invalid_request_object"


@pytest.mark.parametrize("profile", ["web", "oidc-compat"])
def test_6_1_unsigned_is_not_supported_unless_registered(
    send: Send, browser: Browser, alice: Any, profile: str
) -> None:
    client = RelyingParty.register(send, profile)
    sign_in(browser, alice)
    client.consented_by(alice)
    text = object_of(client, None, "none")
    answer = send_object(browser, client, text, redirect_uri=REDIRECT_URI)
    assert answer.redirect_members["error"] == "request_not_supported"


@pytest.mark.parametrize(
    ("key", "alg"), [(OTHER_KEY, "ES256"), ("x" * 32, "HS256")], ids=["key", "hmac"]
)
def test_rfc9101_10_2_forged(signed_in: Browser, client: RelyingParty, key: Any, alg: str) -> None:
    text = object_of(client, key, alg)
    answer = send_object(signed_in, client, text, redirect_uri=REDIRECT_URI)
    assert answer.redirect_members["error"] == "invalid_request_object"


def test_unsigned_where_none_is_registered(send: Send, browser: Browser, alice: Any) -> None:
    client = RelyingParty.register(send, request_object_signing_alg="none")
    sign_in(browser, alice)
    client.consented_by(alice)
    answer = send_object(browser, client, object_of(client, None, "none"))
    assert "code" in answer.redirect_members
    signed = send_object(browser, client, object_of(client), redirect_uri=REDIRECT_URI)
    assert signed.redirect_members["error"] == "invalid_request_object"
    late = object_of(client, None, "none", exp=int(time.time()) - 3600)
    with_signature = object_of(client, None, "none") + "AAAA"
    for text in (late, with_signature):
        refused = send_object(browser, client, text, redirect_uri=REDIRECT_URI)
        assert refused.redirect_members["error"] == "invalid_request_object"


def test_only_the_registered_algorithm(send: Send, browser: Browser, alice: Any) -> None:
    client = RelyingParty.register(
        send, jwks={"keys": [public_jwk(KEY)]}, request_object_signing_alg="RS256"
    )
    sign_in(browser, alice)
    answer = send_object(browser, client, object_of(client), redirect_uri=REDIRECT_URI)
    assert_page_tells(answer, "invalid_request_object", "algorithm")


def test_10_a_jti_counts_once(signed_in: Browser, client: RelyingParty) -> None:
    text = object_of(client, jti="once", exp=int(time.time()) + 60)
    assert "code" in send_object(signed_in, client, text).redirect_members
    again = send_object(signed_in, client, text, redirect_uri=REDIRECT_URI)
    assert again.redirect_members["error"] == "invalid_request_object"


def test_what_a_stranger_wrote_uses_up_no_jti(send: Send, browser: Browser, alice: Any) -> None:
    client = RelyingParty.register(send, request_object_signing_alg="none")
    sign_in(browser, alice)
    client.consented_by(alice)
    text = object_of(client, None, "none", jti="once", exp=int(time.time()) + 60)
    for _ in range(2):
        assert "code" in send_object(browser, client, text).redirect_members


def test_a_redirect_uri_inside_must_be_registered(signed_in: Browser, client: RelyingParty) -> None:
    text = object_of(client, redirect_uri="https://evil.example/cb")
    answer = send_object(signed_in, client, text)
    assert (answer.status, answer.location) == (400, "")


def test_a_bad_object_without_a_redirect_uri_is_a_page(
    signed_in: Browser, client: RelyingParty
) -> None:
    answer = send_object(signed_in, client, "x.y.z")
    assert (answer.status, answer.location) == (400, "")


def test_5_request_and_request_uri_exclude_each_other(
    signed_in: Browser, client: RelyingParty
) -> None:
    answer = send_object(
        signed_in,
        client,
        object_of(client),
        request_uri="https://client.example/r",
        redirect_uri=REDIRECT_URI,
    )
    assert answer.redirect_members["error"] == "invalid_request"


# --- Encrypted --------------------------------------------------------------------------------


def encrypted(send: Send, text: str, alg: str, enc: str) -> str:
    """Encrypt to a published key of the server's, with a library of its own."""
    keys = send("GET", "/.well-known/jwks.json", "", b"", {}).json()["keys"]
    kind = "RSA" if alg.startswith("RSA") else "EC"
    [jwk] = [key for key in keys if (key["use"], key["alg"]) == ("enc", alg)]
    header = {"alg": alg, "enc": enc, "kid": jwk["kid"], "cty": "oauth-authz-req+jwt"}
    key = (RSAKey if kind == "RSA" else ECKey).import_key(jwk)
    return jwe.encrypt_compact(header, text, key, algorithms=[alg, enc])


@pytest.mark.parametrize(
    ("alg", "enc"),
    [("RSA-OAEP-256", "A256GCM"), ("ECDH-ES", "A128GCM"), ("ECDH-ES+A256KW", "A128CBC-HS256")],
)
def test_6_1_signed_then_encrypted(
    send: Send, signed_in: Browser, client: RelyingParty, alg: str, enc: str
) -> None:
    text = encrypted(send, object_of(client), alg, enc)
    assert send_object(signed_in, client, text).redirect_members["state"] == client.state


def test_encryption_does_not_make_a_forged_object_good(
    send: Send, signed_in: Browser, client: RelyingParty
) -> None:
    text = encrypted(send, object_of(client, OTHER_KEY), "RSA-OAEP-256", "A128GCM")
    answer = send_object(signed_in, client, text, redirect_uri=REDIRECT_URI)
    assert answer.redirect_members["error"] == "invalid_request_object"


def test_only_the_registered_encryption(send: Send, browser: Browser, alice: Any) -> None:
    client = RelyingParty.register(
        send, jwks={"keys": [public_jwk(KEY)]}, request_object_encryption_alg="ECDH-ES"
    )
    sign_in(browser, alice)
    client.consented_by(alice)
    agreed = encrypted(send, object_of(client), "ECDH-ES", "A128GCM")
    assert "code" in send_object(browser, client, agreed).redirect_members
    other = encrypted(send, object_of(client), "RSA-OAEP-256", "A128GCM")
    answer = send_object(browser, client, other, redirect_uri=REDIRECT_URI)
    assert answer.redirect_members["error"] == "invalid_request_object"


@pytest.mark.parametrize("text", ["....", "a.b.c.d.e", "e30.e30.e30.e30.e30"])
def test_malformed_encrypted_objects(signed_in: Browser, client: RelyingParty, text: str) -> None:
    answer = send_object(signed_in, client, text, redirect_uri=REDIRECT_URI)
    assert answer.redirect_members["error"] == "invalid_request_object"


# --- By reference -----------------------------------------------------------------------------


class Shelf:
    """A client's own server with request objects on it."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.asked: list[str] = []
        shelf = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                shelf.asked.append(self.path)
                text = shelf.texts.get(self.path)
                self.send_response(200 if text else 404)
                self.end_headers()
                self.wfile.write((text or "").encode())

            def log_message(self, *_: object) -> None:
                """Tests are quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    from django.conf import settings as django_settings

    shelf = Shelf()
    Thread(target=shelf.server.serve_forever, daemon=True).start()
    allowed = django_settings.GATEHOUSE | {"fetch_private_addresses": True}
    with override_settings(GATEHOUSE=allowed):
        yield shelf
    shelf.server.shutdown()
    shelf.server.server_close()


def by_reference(browser: Browser, client: RelyingParty, uri: str) -> Any:
    return browser.get(
        "/oauth2/authorize",
        client_id=client.client_id,
        response_type="code",
        scope="openid",
        redirect_uri=REDIRECT_URI,
        request_uri=uri,
    )


def test_6_2_registered_and_fetched_once_for_each_fragment(
    send: Send, browser: Browser, alice: Any, shelf: Shelf
) -> None:
    uri = shelf.url + "/r"
    client = RelyingParty.register(
        send, jwks={"keys": [public_jwk(KEY)]}, request_uris=[uri + "#old"]
    )
    sign_in(browser, alice)
    client.consented_by(alice)
    shelf.texts["/r"] = object_of(client)
    for _ in range(2):
        answer = by_reference(browser, client, f"{uri}#{s256(shelf.texts['/r'])}")
        assert answer.redirect_members["state"] == client.state
    assert shelf.asked == ["/r"]
    for changed in ("#newer", "#newer", "", ""):
        by_reference(browser, client, uri + changed)
    assert len(shelf.asked) == 5


def test_6_2_not_registered_or_not_there_is_invalid_request_uri(
    send: Send, browser: Browser, alice: Any, shelf: Shelf
) -> None:
    client = RelyingParty.register(
        send, jwks={"keys": [public_jwk(KEY)]}, request_uris=[shelf.url + "/r"]
    )
    sign_in(browser, alice)
    for uri in (shelf.url + "/other", shelf.url + "/r", "urn:x", "file:///etc/passwd"):
        answer = by_reference(browser, client, uri)
        assert answer.redirect_members["error"] == "invalid_request_uri"
    assert shelf.asked == ["/r"]


def test_a_slow_server_of_a_client_does_not_take_every_thread(
    send: Send, browser: Browser, alice: Any, shelf: Shelf
) -> None:
    uri = shelf.url + "/r"
    client = RelyingParty.register(send, jwks={"keys": [public_jwk(KEY)]}, request_uris=[uri])
    sign_in(browser, alice)
    with all_seats_taken(DOCUMENTS, Tenant(client.client_id)):
        answer = by_reference(browser, client, uri)
    assert answer.redirect_members["error"] == "temporarily_unavailable"
    assert not shelf.asked


# --- Whatever is inside -----------------------------------------------------------------------

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=5,
)
NAMES = ["client_id", "response_type", "redirect_uri", "scope", "state", "prompt", "max_age",
         "claims", "nonce", "code_challenge", "aud", "exp", "jti", "id_token_hint"]  # fmt: skip


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.dictionaries(st.sampled_from(NAMES), json_values, max_size=4))
def test_any_content_never_fails_nor_redirects_to_strangers(
    signed_in: Browser, client: RelyingParty, changes: dict[str, Any]
) -> None:
    try:
        text = object_of(client, **changes)
    except (TypeError, ValueError):  # PyJWT itself refuses to make it
        return
    answer = send_object(signed_in, client, text)
    assert answer.status < 500
    if answer.location:
        assert answer.location.startswith((REDIRECT_URI, "/interaction/"))
