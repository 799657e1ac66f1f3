"""Clients and a resource server that nobody here wrote, over real HTTP."""

from __future__ import annotations

import json
from typing import Any

import jwt
import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session as AuthlibSession
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oidc.core import CodeIDToken
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import ECKey, KeySet
from oauthlib.oauth2 import BackendApplicationClient, InvalidGrantError
from requests_oauthlib import OAuth2Session as RequestsOAuthlibSession

from tests.support.plain_browser import PlainBrowser
from tests.support.stack import Person, Stack

pytestmark = pytest.mark.xdist_group("stack")

REDIRECT_URI = "http://localhost:9999/callback"
SCOPE = "openid profile email"


@pytest.fixture(scope="module")
def person(stack: Stack) -> Person:
    return stack.new_person()


@pytest.fixture(scope="module")
def metadata(stack: Stack) -> dict[str, Any]:
    answer = requests.get(f"{stack.issuer}/.well-known/openid-configuration", timeout=10)
    answer.raise_for_status()
    return answer.json()


@pytest.fixture(scope="module")
def web_client(stack: Stack) -> dict[str, Any]:
    return stack.create_client("web", "--redirect-uri", REDIRECT_URI)


@pytest.fixture(scope="module")
def machine_client(stack: Stack) -> dict[str, Any]:
    return stack.create_client("machine", "--scope", "api")


@pytest.fixture(autouse=True)
def _plain_http(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both client libraries insist on https, loopback or not."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")


def test_authlib_signs_in_refreshes_introspects_and_revokes(
    stack: Stack, metadata: dict[str, Any], web_client: dict[str, Any], person: Person
) -> None:
    client = AuthlibSession(
        web_client["client_id"],
        web_client["client_secret"],
        scope=SCOPE,
        redirect_uri=REDIRECT_URI,
        code_challenge_method="S256",
        token_endpoint=metadata["token_endpoint"],
    )
    verifier, nonce = "v" * 64, "n-0S6_WzA2Mj"
    url, state = client.create_authorization_url(
        metadata["authorization_endpoint"], code_verifier=verifier, nonce=nonce
    )
    answer = PlainBrowser(person).authorize(url, REDIRECT_URI)
    token = client.fetch_token(authorization_response=answer, code_verifier=verifier, state=state)

    keys = KeySet.import_key_set(requests.get(metadata["jwks_uri"], timeout=10).json())
    decoded = joserfc_jwt.decode(token["id_token"], keys, algorithms=["RS256"])
    claims = CodeIDToken(
        decoded.claims,
        decoded.header,
        {"iss": {"value": stack.issuer}, "aud": {"value": web_client["client_id"]}},
        {
            "nonce": nonce,
            "client_id": web_client["client_id"],
            "access_token": token["access_token"],
        },
    )
    claims.validate()
    assert claims["sub"] == person.sub
    assert client.get(metadata["userinfo_endpoint"]).json()["sub"] == person.sub

    refreshed = client.refresh_token()
    assert refreshed["access_token"] != token["access_token"]
    introspection = metadata["introspection_endpoint"]
    access_token = refreshed["access_token"]
    assert client.introspect_token(introspection, token=access_token).json()["active"] is True
    revoked = client.revoke_token(
        metadata["revocation_endpoint"],
        token=refreshed["refresh_token"],
        token_type_hint="refresh_token",
    )
    assert revoked.status_code == 200
    assert client.introspect_token(introspection, token=access_token).json() == {"active": False}


def test_authlib_authenticates_with_private_key_jwt(stack: Stack, metadata: dict[str, Any]) -> None:
    key = ECKey.generate_key("P-256", {"kid": "client-key", "alg": "ES256"})
    registration = stack.create_client(
        "machine",
        *("--scope", "api", "--token-endpoint-auth-method", "private_key_jwt"),
        *("--set", f"jwks={json.dumps({'keys': [key.as_dict(private=False)]})}"),
    )
    endpoint = metadata["token_endpoint"]
    client = AuthlibSession(
        registration["client_id"],
        key,
        token_endpoint_auth_method=PrivateKeyJWT(
            endpoint, headers={"kid": "client-key"}, alg="ES256"
        ),
    )
    token = client.fetch_token(endpoint, grant_type="client_credentials", scope="api")
    assert token["scope"] == "api"
    assert "refresh_token" not in token


def test_requests_oauthlib_signs_in_and_refreshes(
    metadata: dict[str, Any], web_client: dict[str, Any], person: Person
) -> None:
    credentials = (web_client["client_id"], web_client["client_secret"])
    client = RequestsOAuthlibSession(
        web_client["client_id"], redirect_uri=REDIRECT_URI, scope=SCOPE.split(), pkce="S256"
    )
    url, _ = client.authorization_url(metadata["authorization_endpoint"])
    answer = PlainBrowser(person).authorize(url, REDIRECT_URI)
    token = client.fetch_token(
        metadata["token_endpoint"],
        authorization_response=answer,
        client_secret=web_client["client_secret"],
    )
    assert client.get(metadata["userinfo_endpoint"]).json()["email_verified"] in {True, False}
    refreshed = client.refresh_token(metadata["token_endpoint"], auth=credentials)
    assert refreshed["access_token"] != token["access_token"]
    with pytest.raises(InvalidGrantError):
        client.refresh_token(metadata["token_endpoint"], refresh_token="invented", auth=credentials)


def test_a_resource_server_on_pyjwt_accepts_access_tokens_and_nothing_else(
    stack: Stack,
    metadata: dict[str, Any],
    machine_client: dict[str, Any],
    web_client: dict[str, Any],
    person: Person,
) -> None:
    keys = jwt.PyJWKClient(metadata["jwks_uri"])

    def verify(token: str) -> dict[str, Any]:
        return jwt.decode(
            token,
            keys.get_signing_key_from_jwt(token),
            algorithms=["ES256", "RS256"],
            issuer=stack.issuer,
            audience=stack.issuer,
            options={"require": ["iss", "exp", "aud", "sub", "iat"]},
        )

    machine = RequestsOAuthlibSession(client=BackendApplicationClient(machine_client["client_id"]))
    token = machine.fetch_token(
        metadata["token_endpoint"],
        auth=(machine_client["client_id"], machine_client["client_secret"]),
        scope=["api"],
    )
    claims = verify(token["access_token"])
    assert claims["sub"] == claims["client_id"] == machine_client["client_id"]
    assert claims["scope"] == "api"
    assert jwt.get_unverified_header(token["access_token"])["typ"] == "at+jwt"

    client = RequestsOAuthlibSession(
        web_client["client_id"], redirect_uri=REDIRECT_URI, scope=["openid"], pkce="S256"
    )
    url, _ = client.authorization_url(metadata["authorization_endpoint"])
    answer = PlainBrowser(person).authorize(url, REDIRECT_URI)
    tokens = client.fetch_token(
        metadata["token_endpoint"],
        authorization_response=answer,
        client_secret=web_client["client_secret"],
    )
    assert verify(tokens["access_token"])["sub"] == person.sub
    with pytest.raises(jwt.InvalidAudienceError):
        verify(tokens["id_token"])
