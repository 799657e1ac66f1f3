"""A relying party goes through what the metadata promises, and verifies every token itself.

Response type x response mode x client authentication x signature x subject type: a set of
combinations in which every pair of values meets. PyJWT and joserfc take turns at verifying; neither
has signed (that was `cryptography`).
"""

from __future__ import annotations

import html
import itertools
import json
import re
import secrets
import time
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt as jose
from joserfc.jwk import KeySet, OctKey

from oidc.clients.authentication import METHOD_NAMES
from oidc.clients.profiles import RESPONSE_TYPES
from oidc.keys.algorithms import ID_TOKEN_ALGORITHMS
from oidc.response_mode import RESPONSE_MODES
from tests.support.doors import FORM, Answer, Browser, Send
from tests.support.relying_party import ISSUER, RelyingParty, basic, new_person, sign_in

FIELD = re.compile(r'name="([^"]+)" value="([^"]*)"')
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
KEY = ec.generate_private_key(ec.SECP256R1())
DIMENSIONS = (RESPONSE_TYPES, RESPONSE_MODES, METHOD_NAMES, ID_TOKEN_ALGORITHMS,
              ("public", "pairwise"))  # fmt: skip


def is_possible(combination: tuple[str, ...]) -> bool:
    response_type, response_mode, method, algorithm, _ = combination
    if response_mode == "query" and response_type != "code":
        return False  # tokens never travel in a query
    return algorithm != "HS256" or method in (
        "client_secret_basic", "client_secret_post", "client_secret_jwt",
    )  # fmt: skip


def pairs_of(combination: tuple[str, ...]) -> set[tuple[tuple[int, str], tuple[int, str]]]:
    return set(itertools.combinations(enumerate(combination), 2))


def covering_combinations() -> list[tuple[str, ...]]:
    """Return few combinations that together contain every possible pair of values."""
    possible = [c for c in itertools.product(*DIMENSIONS) if is_possible(c)]
    missing = set().union(*map(pairs_of, possible))
    chosen = []
    while missing:
        best = max(possible, key=lambda c: len(pairs_of(c) & missing))
        chosen.append(best)
        missing -= pairs_of(best)
    return chosen


COMBINATIONS = covering_combinations()


def test_every_pair_of_promised_values_is_covered() -> None:
    covered = set().union(*map(pairs_of, COMBINATIONS))
    for combination in itertools.product(*DIMENSIONS):
        if is_possible(combination):
            assert pairs_of(combination) <= covered


class Verifier:
    """Verifies tokens by the published keys, or by the client's secret, with one library."""

    def __init__(self, send: Send, secret: str | None, *, with_pyjwt: bool) -> None:
        self.keys = send("GET", "/.well-known/jwks.json", "", b"", {}).json()
        self.secret = secret
        self.with_pyjwt = with_pyjwt

    def claims(self, token: str, algorithm: str, audience: str) -> dict[str, Any]:
        header = jwt.get_unverified_header(token)
        assert header["alg"] == algorithm
        if self.with_pyjwt:
            key = self.secret if algorithm == "HS256" else self._pyjwt_key(header["kid"])
            return jwt.decode(token, key, algorithms=[algorithm], audience=audience, issuer=ISSUER)
        key = (
            OctKey.import_key(self.secret or "")
            if algorithm == "HS256"
            else KeySet.import_key_set(self.keys).get_by_kid(header["kid"])
        )
        claims = jose.decode(token, key, algorithms=[algorithm]).claims
        registry = jose.JWTClaimsRegistry(
            iss={"essential": True, "value": ISSUER},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
        )
        registry.validate(claims)
        return claims

    def _pyjwt_key(self, kid: str) -> jwt.PyJWK:
        return jwt.PyJWK(next(key for key in self.keys["keys"] if key["kid"] == kid))


def members_of(answer: Answer) -> dict[str, str]:
    """Read an authorization response, whichever way it came."""
    if answer.location:
        return answer.redirect_members
    assert answer.status == 200, answer.text
    return {name: html.unescape(value) for name, value in FIELD.findall(answer.text)}


def redeem(client: RelyingParty, method: str, code: str) -> dict[str, Any]:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": client.redirect_uri,
        "code_verifier": client.verifier,
    }
    headers = {"Content-Type": FORM}
    if method == "client_secret_basic":
        headers["Authorization"] = basic(client.client_id, str(client.client_secret))
    elif method == "client_secret_post":
        form |= {"client_id": client.client_id, "client_secret": str(client.client_secret)}
    elif method == "none":
        form |= {"client_id": client.client_id}
    else:
        is_private = method == "private_key_jwt"
        form |= {"client_assertion_type": ASSERTION_TYPE, "client_assertion": jwt.encode(
            {"iss": client.client_id, "sub": client.client_id, "aud": ISSUER,
             "exp": int(time.time()) + 60, "jti": secrets.token_urlsafe()},
            KEY if is_private else client.client_secret,
            algorithm="ES256" if is_private else "HS256",
        )}  # fmt: skip
    answer = client.send("POST", "/oauth2/token", "", urlencode(form).encode(), headers)
    assert answer.status == 200, answer.text
    return answer.json()


@pytest.mark.parametrize(
    ("number", "combination"), list(enumerate(COMBINATIONS)), ids=lambda value: str(value)
)
def test_combination(send: Send, number: int, combination: tuple[str, ...]) -> None:
    response_type, response_mode, method, algorithm, subject_type = combination
    metadata: dict[str, Any] = {
        "response_types": [response_type],
        "token_endpoint_auth_method": method,
        "id_token_signed_response_alg": algorithm,
        "subject_type": subject_type,
        "grant_types": sorted(
            ({"authorization_code", "refresh_token"} if "code" in response_type.split() else set())
            | ({"implicit"} if "token" in response_type else set())
        ),
    }
    if method == "private_key_jwt":
        public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(KEY.public_key()))
        metadata["jwks"] = {"keys": [public]}
    client = RelyingParty.register(send, "oidc-compat", **metadata)
    person = new_person(name="Alice Liddell")
    browser = Browser(send)
    sign_in(browser, person)
    client.consented_by(person)
    has_code = "code" in response_type.split()
    pkce = {} if has_code else {"code_challenge": None, "code_challenge_method": None}
    answer = client.authorize(
        browser,
        response_type=response_type,
        response_mode=response_mode,
        scope="openid profile",
        **pkce,
    )
    members = members_of(answer)
    assert "error" not in members, members
    assert (members["state"], members["iss"]) == (client.state, ISSUER)

    verifier = Verifier(send, client.client_secret, with_pyjwt=number % 2 == 0)
    tokens = redeem(client, method, members["code"]) if has_code else {}
    identities = [
        verifier.claims(source["id_token"], algorithm, client.client_id)
        for source in (members, tokens)
        if "id_token" in source
    ]
    subjects = {identity["sub"] for identity in identities}
    for access_token in filter(None, (members.get("access_token"), tokens.get("access_token"))):
        subjects.add(verifier.claims(access_token, "ES256", ISSUER)["sub"])
        claims = client.userinfo(access_token).json()
        assert claims["name"] == "Alice Liddell"
        subjects.add(claims["sub"])
    assert len(subjects) == 1
    assert (subjects == {str(person.pk)}) == (subject_type == "public")
    for identity in identities:
        assert identity["nonce"] == client.nonce
    if response_type == "id_token":
        assert identities[0]["name"] == "Alice Liddell"
    if "code" in response_type and "id_token" in response_type:
        assert identities[0]["c_hash"]
