"""Tokens and credentials that nobody should accept. RFC 8725; RFC 7515 section 10; RFC 6749 2.3."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.contrib.auth import get_user_model

from oidc.keys import jws
from oidc.models import SigningKey
from tests.support.battery import (
    UNREADABLE_TOKENS,
    assert_refused,
    forged,
    hs256,
)
from tests.support.doors import Browser
from tests.support.relying_party import ISSUER, RelyingParty, sign_in


def claims_of(token: str) -> dict[str, Any]:
    return jwt.decode(token, options={"verify_signature": False})


def forgeries(token: str) -> dict[str, str]:
    """Return what an attacker makes of a good access token, by the name of the trick."""
    header, claims = jwt.get_unverified_header(token), claims_of(token)
    signature = token.rpartition(".")[2]
    row = SigningKey.objects.get(kid=header["kid"])
    public = jwt.PyJWK(row.public_jwk).key
    secrets = {
        "PEM": public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        "DER": public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        "JWK": json.dumps(row.public_jwk).encode(),
    }
    own_key = ec.generate_private_key(ec.SECP256R1())
    own_jwk = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(own_key.public_key()))
    return {
        "alg none": forged(header | {"alg": "none"}, claims, ""),
        "alg None": forged(header | {"alg": "None"}, claims, ""),
        "alg none with a signature": forged(header | {"alg": "none"}, claims, signature),
        "no alg": forged({k: v for k, v in header.items() if k != "alg"}, claims, signature),
        "another alg": forged(header | {"alg": "RS256"}, claims, signature),
        "no signature": token[: -len(signature)],
        "other claims": forged(header, claims | {"scope": "openid admin"}, signature),
        "other key": jwt.encode(claims, own_key, "ES256", {"kid": row.kid, "typ": "at+jwt"}),
        "key in the header": jwt.encode(
            claims, own_key, "ES256", {"kid": row.kid, "typ": "at+jwt", "jwk": own_jwk}
        ),
        "key of another algorithm": forged(
            header | {"kid": SigningKey.objects.get(algorithm="RS256").kid}, claims, signature
        ),
        "unknown kid": forged(header | {"kid": "unknown"}, claims, signature),
        "no kid": forged({k: v for k, v in header.items() if k != "kid"}, claims, signature),
        **{
            f"HS256 with the public key as {form}": hs256(secret, header, claims)
            for form, secret in secrets.items()
        },
    }


def assert_worthless(client: RelyingParty, token: str) -> None:
    """Check that no endpoint takes it for a token, and that none of them fails over it."""
    refused = client.userinfo(token)
    assert_refused(refused, 400, 401)
    assert refused.header("WWW-Authenticate").startswith("Bearer ")
    introspected = client.introspect(token)
    assert (introspected.status, introspected.json()) == (200, {"active": False})
    assert client.revoke(token).status == 200
    refreshed = assert_refused(client.refresh(token), 400)
    assert refreshed["error"] == "invalid_grant"


@pytest.mark.parametrize("token", UNREADABLE_TOKENS.values(), ids=UNREADABLE_TOKENS)
def test_unreadable_tokens_are_refused_everywhere(
    web: RelyingParty, browser: Browser, token: str
) -> None:
    if token.isascii():
        assert_worthless(web, token)
    if len(token) < 15_000:
        answer = web.authorize(browser, id_token_hint=token)
        assert_refused(answer, redirected_to=web.redirect_uri)
        assert answer.redirect_members["error"] == "invalid_request"


def test_rfc8725_3_1_forged_access_tokens_are_refused(web: RelyingParty, alice: object) -> None:
    good = web.tokens_for(alice)["access_token"]
    for trick, token in forgeries(good).items():
        assert web.userinfo(token).status == 401, trick
        assert web.introspect(token).json() == {"active": False}, trick
        assert web.revoke(token).status == 200, trick
    assert web.userinfo(good).status == 200


CHANGES: dict[str, dict[str, Any]] = {
    "typ and members of an ID token": {"typ": "JWT", "client_id": None, "scope": None},
    "typ JWT without client_id": {"typ": "JWT", "client_id": None},
    "typ JWT without jti": {"typ": "JWT", "jti": None},
    "no typ": {"typ": ""},
    "logout token": {"typ": "logout+jwt"},
    "another issuer": {"iss": "https://evil.example"},
    "no issuer": {"iss": None},
    "expired": {"exp": int(time.time()) - 60},
    "no exp": {"exp": None},
    "no sub": {"sub": None},
    "no iat": {"iat": None},
    "not yet": {"nbf": int(time.time()) + 3600},
    "no jti": {"jti": None},
    "jti of another make": {"jti": "A" * 40},
    "jti too short": {"jti": "AAAA"},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_rfc9068_4_signed_by_us_but_no_access_token(
    web: RelyingParty, alice: object, change: dict[str, Any]
) -> None:
    claims = claims_of(web.tokens_for(alice)["access_token"]) | change
    typ = claims.pop("typ", "at+jwt")
    claims = {name: value for name, value in claims.items() if value is not None}
    token = jws.sign(claims, algorithm="ES256", typ=typ)
    assert web.userinfo(token).status == 401
    assert web.introspect(token).json() == {"active": False}


def test_rfc9068_4_access_token_for_another_audience(web: RelyingParty, alice: object) -> None:
    claims = claims_of(web.tokens_for(alice)["access_token"]) | {"aud": "https://api.example"}
    token = jws.sign(claims, algorithm="ES256", typ="at+jwt")
    assert web.userinfo(token).status == 401
    claims["aud"] = ["https://api.example", ISSUER]
    assert web.userinfo(jws.sign(claims, algorithm="ES256", typ="at+jwt")).status == 200


def test_core_5_3_userinfo_is_for_tokens_with_the_scope_openid(
    web: RelyingParty, alice: object
) -> None:
    refused = web.userinfo(web.tokens_for(alice, scope="profile email")["access_token"])
    assert assert_refused(refused, 403)["error"] == "insufficient_scope"
    assert 'scope="openid"' in refused.header("WWW-Authenticate")


def test_userinfo_asks_for_the_person_whatever_became_of_the_grant(
    web: RelyingParty, alice: object
) -> None:
    """A row that was changed by hand sends no signal, so the grant still lives."""
    token = web.tokens_for(alice)["access_token"]
    get_user_model().objects.filter(pk=alice.pk).update(is_active=False)
    assert assert_refused(web.userinfo(token), 401)["error"] == "invalid_token"


def test_no_token_shows_the_code_that_it_came_from(web: RelyingParty, alice: object) -> None:
    """A resource server reads grant ids; they must not lead back to anything."""
    code = web.code_for(alice)
    tokens = web.redeem(code).json()
    secret = decoded(code)[:16]
    assert secret not in decoded(claims_of(tokens["access_token"])["jti"])
    assert secret not in decoded(tokens["refresh_token"])


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_forged_id_token_hints_are_refused(
    web: RelyingParty, browser: Browser, alice: object
) -> None:
    sign_in(browser, alice)
    web.consented_by(alice)
    good = web.tokens_for(alice)["id_token"]
    for trick, token in forgeries(good).items():
        answer = web.authorize(browser, prompt="none", id_token_hint=token)
        assert answer.redirect_members["error"] == "invalid_request", trick
    assert "code" in web.authorize(browser, prompt="none", id_token_hint=good).redirect_members


def test_every_changed_bit_makes_a_refresh_token_worthless(
    web: RelyingParty, alice: object
) -> None:
    good = web.tokens_for(alice)["refresh_token"]
    data = base64.urlsafe_b64decode(good + "=" * (-len(good) % 4))
    for position in range(len(data)):
        changed = bytearray(data)
        changed[position] ^= 1
        token = base64.urlsafe_b64encode(changed).rstrip(b"=").decode()
        assert web.refresh(token).json()["error"] == "invalid_grant"
        assert web.introspect(token).json() == {"active": False}
        web.revoke(token)
    for token in (good + "=", good[:-1], good + "A", good.lower(), " " + good, good + "\u00e9"):
        assert web.refresh(token).json()["error"] == "invalid_grant"
    assert web.refresh(good).status == 200


def test_another_spelling_of_a_code_is_another_code(web: RelyingParty, alice: object) -> None:
    """Base64 leaves bits unused: a second spelling must not be a second code."""
    code = web.code_for(alice)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    twin = code[:-1] + alphabet[alphabet.index(code[-1]) ^ 1]
    for spelling in (
        twin,
        code + "=",
        code.replace("-", "+").replace("_", "/") + "==",
        code + "\n",
    ):
        assert web.redeem(spelling).status == 400
    assert web.redeem(code).status == 200
