"""Discovery 1.0 and RFC 8414; JWKS (RFC 7517); access tokens (RFC 9068); ID tokens (Core 2)."""

from __future__ import annotations

import base64
import hashlib
import json

import jwt
import pytest

from oidc.doors.body import MAX_BODY_BYTES
from oidc.keys import lifecycle, ring
from oidc.keys.algorithms import ENCRYPTION_ALGORITHMS, KEY_ALGORITHMS, SIGNING_ALGORITHMS
from oidc.models import SigningKey
from oidc.urls import ENDPOINTS
from tests.support.battery import FORM_HEADERS
from tests.support.doors import Send
from tests.support.relying_party import ISSUER, RelyingParty

WELL_KNOWN = ("/.well-known/openid-configuration", "/.well-known/oauth-authorization-server")
PRIVATE_MEMBERS = {"d", "p", "q", "dp", "dq", "qi", "k", "oth"}


def published(send: Send, path: str) -> dict:
    return send("GET", path, "", b"", {}).json()


def verified(send: Send, token: str, audience: str) -> dict:
    """Verify a token as a stranger would: by the published keys alone."""
    keys = jwt.PyJWKSet.from_dict(published(send, "/.well-known/jwks.json"))
    header = jwt.get_unverified_header(token)
    key = keys[header["kid"]]
    return jwt.decode(token, key, algorithms=[header["alg"]], audience=audience, issuer=ISSUER)


@pytest.mark.parametrize("path", WELL_KNOWN)
def test_metadata_is_true_and_complete(send: Send, path: str) -> None:
    metadata = published(send, path)
    assert metadata["issuer"] == ISSUER
    assert "RS256" in metadata["id_token_signing_alg_values_supported"]
    assert "openid" in metadata["scopes_supported"]
    assert metadata["subject_types_supported"] == ["public", "pairwise"]
    for name in ("claims_parameter", "request_parameter", "request_uri_parameter"):
        assert metadata[f"{name}_supported"] is True
    assert metadata["authorization_response_iss_parameter_supported"] is True
    for name, value in metadata.items():
        if name.endswith("_endpoint") or name == "jwks_uri":
            assert value.startswith(ISSUER + "/")


@pytest.mark.parametrize("path", [*WELL_KNOWN, "/.well-known/jwks.json"])
def test_documents_can_be_cached_and_read_by_scripts(send: Send, path: str) -> None:
    answer = send("GET", path, "", b"", {"Origin": "https://spa.example"})
    assert answer.header("Access-Control-Allow-Origin") == "*"
    assert "max-age" in answer.header("Cache-Control")
    again = send("GET", path, "", b"", {"If-None-Match": answer.header("ETag")})
    assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize("path", [*WELL_KNOWN, "/.well-known/jwks.json"])
@pytest.mark.parametrize(
    ("form", "status"),
    [
        ("W/{}", 304),
        ('"other", W/{}', 304),
        ('W/"other",{}', 304),
        ('"a, b", {}, "c"', 304),
        ("*", 304),
        ('W/"other"', 200),
        ('"other"', 200),
        ("w/", 200),
        ('"', 200),
        ("", 200),
    ],
)
def test_rfc9110_13_1_2_entity_tags_are_compared_weakly(
    send: Send, path: str, form: str, status: int
) -> None:
    """A proxy that compresses an answer makes its tag a weak one."""
    etag = send("GET", path, "", b"", {}).header("ETag")
    for method in ("GET", "HEAD"):
        again = send(method, path, "", b"", {"If-None-Match": form.format(etag)})
        assert again.status == status
        assert again.header("ETag") == etag


@pytest.mark.parametrize("path", ["/oauth2/token", "/oauth2/userinfo", "/oauth2/revoke"])
def test_cors_preflight(send: Send, path: str) -> None:
    headers = {"Origin": "https://spa.example", "Access-Control-Request-Method": "POST"}
    answer = send("OPTIONS", path, "", b"", headers)
    assert answer.status == 204
    assert answer.header("Access-Control-Allow-Origin") == "*"
    assert "Authorization" in answer.header("Access-Control-Allow-Headers")


SENT_BY_APPS = (
    "authorization,baggage,content-type,if-none-match,mcp-protocol-version,sentry-trace,traceparent"
)


@pytest.mark.parametrize(
    "path",
    [
        *[each.path + ("x" if each.path.endswith("/") else "") for each in ENDPOINTS if each.cors],
        "/.well-known/oauth-protected-resource",
        "/.well-known/openid-configuration/mcp",
    ],
)
def test_fetch_3_3_any_request_header_may_come(send: Send, path: str) -> None:
    """Tracing libraries and MCP clients send theirs to every address."""
    headers = {
        "Origin": "https://spa.example",
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": SENT_BY_APPS,
    }
    answer = send("OPTIONS", path, "", b"", headers)
    assert (answer.status, answer.body) == (204, b"")
    assert answer.header("Access-Control-Allow-Origin") == "*"
    assert not answer.header("Access-Control-Allow-Credentials")
    allowed = answer.header("Access-Control-Allow-Headers").lower().split(", ")
    assert sorted(allowed) == SENT_BY_APPS.split(",")
    assert {"GET", "POST"} & set(answer.header("Access-Control-Allow-Methods").split(", "))
    assert answer.header("X-Request-Id")


@pytest.mark.parametrize(
    "requested",
    ["a b", "é", "a\r\nSet-Cookie: x=1", "*", "x: y", "<script>", '"', "(", "x" * 101, ",,,", ""],
    ids=repr,
)
def test_only_names_of_headers_are_echoed(send: Send, requested: str) -> None:
    for path in ("/oauth2/token", "/.well-known/unknown"):
        headers = {"Access-Control-Request-Headers": f"traceparent,{requested},baggage"}
        answer = send("OPTIONS", path, "", b"", headers)
        expected = "Authorization, Content-Type, traceparent, baggage"
        assert answer.header("Access-Control-Allow-Headers") == expected


def test_the_echo_is_bounded(send: Send) -> None:
    names = ",".join(f"x{number}" for number in range(10_000))
    answer = send("OPTIONS", "/oauth2/token", "", b"", {"Access-Control-Request-Headers": names})
    assert answer.header("Access-Control-Allow-Headers").count(",") < 110


@pytest.mark.parametrize(
    "path", ["unknown", "oauth-protected-resource/mcp", "openid-configuration/", "", "a/b/c"]
)
def test_that_a_well_known_document_is_not_here_may_be_read_by_scripts(
    send: Send, path: str
) -> None:
    for method in ("GET", "HEAD", "POST"):
        answer = send(method, f"/.well-known/{path}", "", b"", {"Origin": "https://spa.example"})
        assert answer.status == 404
        assert answer.header("Access-Control-Allow-Origin") == "*"
        assert not answer.header("Access-Control-Allow-Credentials")


@pytest.mark.parametrize("size", [MAX_BODY_BYTES + 1, 1_000_000])
def test_that_a_body_was_not_read_may_be_read_by_scripts(send: Send, size: int) -> None:
    """It is refused before the door: as the endpoint itself would have answered."""
    for endpoint in (each for each in ENDPOINTS if "POST" in each.methods):
        headers = {**FORM_HEADERS, "Origin": "https://spa.example"}
        answer = send("POST", endpoint.path, "", b"x" * size, headers)
        assert answer.status == 413
        assert answer.header("Access-Control-Allow-Origin") == ("*" if endpoint.cors else "")
        assert ("X-Request-Id" in answer.header("Access-Control-Expose-Headers")) == endpoint.cors
        assert not answer.header("Access-Control-Allow-Credentials")


@pytest.mark.parametrize("path", ["/unknown", "/accounts/", "/.well-known/change-password", "/"])
def test_pages_are_for_no_other_origin(send: Send, path: str) -> None:
    for method in ("GET", "OPTIONS"):
        headers = {"Origin": "https://spa.example", "Access-Control-Request-Headers": "x"}
        answer = send(method, path, "", b"", headers)
        assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]


def test_no_trailing_slash_redirect(send: Send) -> None:
    for path in ("/oauth2/token/", "/.well-known/openid-configuration/"):
        assert send("GET", path, "", b"", {}).status == 404


def test_issuer_comes_from_configuration_not_from_host(send: Send) -> None:
    answer = send("GET", WELL_KNOWN[0], "", b"", {"X-Forwarded-Host": "evil.example"})
    assert answer.json()["issuer"] == ISSUER


def test_jwks_has_unique_kids_and_no_private_members(send: Send) -> None:
    keys = published(send, "/.well-known/jwks.json")["keys"]
    assert len({key["kid"] for key in keys}) == len(keys) == len(KEY_ALGORITHMS)
    for key in keys:
        assert not PRIVATE_MEMBERS & key.keys()
    told = [(key["use"], key["alg"]) for key in keys]
    signing = [("sig", alg) for alg in SIGNING_ALGORITHMS]
    assert told == signing + [("enc", alg) for alg in ENCRYPTION_ALGORITHMS]


@pytest.mark.parametrize(("kty", "alg"), [("RSA", "RS256"), ("EC", "ES256")])
def test_the_first_key_of_a_kind_is_the_one_that_signs(send: Send, kty: str, alg: str) -> None:
    """There are verifiers that look no further; others take the first with their algorithm."""
    lifecycle.promote(lifecycle.announce(alg))
    lifecycle.announce(alg)
    ring.forget()
    keys = published(send, "/.well-known/jwks.json")["keys"]
    signing = SigningKey.objects.get(algorithm=alg, status=SigningKey.Status.SIGNING)
    first = next(key for key in keys if key["kty"] == kty)
    assert (first["kid"], first["use"], first["alg"]) == (signing.kid, "sig", alg)


def test_a_key_to_encrypt_to_that_an_older_release_has_made_has_an_alg(send: Send) -> None:
    row = SigningKey.objects.get(algorithm="ECDH-ES")
    del row.public_jwk["alg"]
    row.save()
    SigningKey.objects.filter(algorithm__startswith="ECDH-ES+").delete()
    ring.forget()
    keys = published(send, "/.well-known/jwks.json")["keys"]
    algs = {key["alg"]: key["kid"] for key in keys if key["use"] == "enc"}
    assert algs.keys() == set(ENCRYPTION_ALGORITHMS), "those that it did not know are made"
    assert algs["ECDH-ES"] == row.kid


def test_announced_and_retired_keys_are_published(send: Send, machine: RelyingParty) -> None:
    old = machine.token({"grant_type": "client_credentials"}).json()["access_token"]
    announced = lifecycle.announce("ES256")
    ring.forget()
    assert jwt.get_unverified_header(old)["kid"] != announced.kid
    kids = {key["kid"] for key in published(send, "/.well-known/jwks.json")["keys"]}
    assert announced.kid in kids
    lifecycle.promote(announced)
    ring.forget()
    new = machine.token({"grant_type": "client_credentials"}).json()["access_token"]
    assert jwt.get_unverified_header(new)["kid"] == announced.kid
    assert verified(send, old, ISSUER)["sub"] == machine.client_id
    assert machine.introspect(old).json()["active"]


def test_private_keys_are_encrypted_at_rest(send: Send) -> None:
    published(send, "/.well-known/jwks.json")
    for key in SigningKey.objects.all():
        assert "PRIVATE" not in key.private_key_encrypted
        assert key.private_key_encrypted.startswith("gAAAA")
        assert lifecycle.private_key_of(key).public_key() is not None


def test_rfc9068_access_token(send: Send, web: RelyingParty, alice: object) -> None:
    token = web.tokens_for(alice)["access_token"]
    header = jwt.get_unverified_header(token)
    assert (header["typ"], header["alg"]) == ("at+jwt", "ES256")
    claims = verified(send, token, ISSUER)
    assert claims["sub"] == str(alice.pk)
    assert claims["client_id"] == web.client_id
    assert claims["scope"] == web.scope
    assert claims["exp"] - claims["iat"] == 900
    assert {"jti", "auth_time", "acr", "amr"} <= claims.keys()


def test_rfc9068_machine_token_has_the_client_as_sub(send: Send, machine: RelyingParty) -> None:
    token = machine.token({"grant_type": "client_credentials"}).json()["access_token"]
    claims = verified(send, token, ISSUER)
    assert claims["sub"] == claims["client_id"] == machine.client_id


def test_access_token_audience_and_lifetime_of_the_client(send: Send, alice: object) -> None:
    api = "https://api.example"
    client = RelyingParty.register(
        send, access_token_audience=[api], access_token_lifetime_seconds=120
    )
    tokens = client.tokens_for(alice)
    claims = verified(send, tokens["access_token"], api)
    assert claims["aud"] == [api, ISSUER]
    assert tokens["expires_in"] == claims["exp"] - claims["iat"] == 120


def test_core_2_id_token(send: Send, web: RelyingParty, alice: object) -> None:
    tokens = web.tokens_for(alice)
    header = jwt.get_unverified_header(tokens["id_token"])
    assert header["alg"] == "RS256"
    claims = verified(send, tokens["id_token"], web.client_id)
    digest = hashlib.sha256(tokens["access_token"].encode()).digest()[:16]
    at_hash = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    assert claims["at_hash"] == at_hash
    assert claims["nonce"] == web.nonce
    assert claims["sub"] == str(alice.pk)
    assert isinstance(claims["acr"], str)
    assert claims["acr"]
    assert set(claims) == {
        "iss", "sub", "aud", "exp", "iat", "auth_time", "acr", "amr", "at_hash", "nonce",
    }  # fmt: skip
    assert not [name for name, value in claims.items() if value in (None, "", [])]


def test_core_2_nonce_only_if_sent(web: RelyingParty, alice: object) -> None:
    token = web.tokens_for(alice, nonce=None)["id_token"]
    assert "nonce" not in jwt.decode(token, options={"verify_signature": False})


@pytest.mark.parametrize("algorithm", SIGNING_ALGORITHMS)
def test_id_token_algorithm_as_registered(send: Send, alice: object, algorithm: str) -> None:
    client = RelyingParty.register(send, id_token_signed_response_alg=algorithm)
    token = client.tokens_for(alice)["id_token"]
    assert jwt.get_unverified_header(token)["alg"] == algorithm
    verified(send, token, client.client_id)


def test_sid_only_for_clients_with_a_logout_uri(send: Send, alice: object) -> None:
    client = RelyingParty.register(send, backchannel_logout_uri="https://client.example/bc")
    token = client.tokens_for(alice)["id_token"]
    assert jwt.decode(token, options={"verify_signature": False})["sid"]


def test_no_openid_scope_no_id_token(web: RelyingParty, alice: object) -> None:
    assert "id_token" not in web.tokens_for(alice, scope="profile")


def test_core_12_2_refreshed_id_token_keeps_identity(web: RelyingParty, alice: object) -> None:
    tokens = web.tokens_for(alice)
    refreshed = web.refresh(tokens["refresh_token"]).json()
    before, after = (
        jwt.decode(t["id_token"], options={"verify_signature": False}) for t in (tokens, refreshed)
    )
    for name in ("iss", "sub", "aud", "auth_time", "acr"):
        assert before[name] == after[name]
    assert "nonce" not in after


def test_two_tokens_of_one_person_do_not_show_their_bucket(
    send: Send, web: RelyingParty, alice: object
) -> None:
    other = RelyingParty.register(send)
    hidden = set()
    for client in (web, other):
        token = client.tokens_for(alice)["access_token"]
        jti = jwt.decode(token, options={"verify_signature": False})["jti"]
        hidden.add(base64.urlsafe_b64decode(jti + "=" * (-len(jti) % 4))[17:20])
    assert len(hidden) == 2


def test_metadata_is_json(send: Send) -> None:
    answer = send("GET", WELL_KNOWN[0], "", b"", {})
    assert answer.header("Content-Type") == "application/json"
    json.loads(answer.body)
