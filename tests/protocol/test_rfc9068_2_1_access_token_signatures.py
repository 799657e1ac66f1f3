"""Algorithm and `typ` of access tokens, by client or by API. RFC 9068 sections 2.1 and 4."""

from __future__ import annotations

from typing import Any

import jwt
import pytest

from oidc.clients.service import disable_client, update_client
from oidc.keys.algorithms import SIGNING_ALGORITHMS
from oidc.keys.jws import InvalidToken
from oidc.models import OAuthClient
from oidc.tokens.id_token import read_id_token_hint
from tests.clients.keys_for_tests import public_jwk
from tests.protocol.test_rfc9068_4_encrypted_access_tokens import decrypted
from tests.support.doors import Browser, Send
from tests.support.relying_party import ISSUER, RelyingParty, sign_in
from tests.support.tokens import verified

API = "https://payroll.example"
OTHER_API = "https://reports.example"


def register_api(send: Send, audience: str = API, **metadata: Any) -> RelyingParty:
    metadata["introspection_audience"] = [audience]
    return RelyingParty.register(send, "machine", scope="x", **metadata)


def signed_as(token: str) -> tuple[str, str]:
    header = jwt.get_unverified_header(token)
    return header["alg"], header["typ"]


def test_2_1_es256_and_at_jwt_unless_somebody_wants_another(web: RelyingParty, alice: Any) -> None:
    assert signed_as(web.tokens_for(alice)["access_token"]) == ("ES256", "at+jwt")


@pytest.mark.parametrize("typ", ["at+jwt", "JWT"])
@pytest.mark.parametrize("alg", SIGNING_ALGORITHMS)
def test_2_1_a_client_has_its_own(send: Send, alice: Any, alg: str, typ: str) -> None:
    """Userinfo, introspection and revocation take them all, the first time and remembered."""
    client = RelyingParty.register(send, access_token_signing_alg=alg, access_token_typ=typ)
    tokens = client.tokens_for(alice)
    token = tokens["access_token"]
    assert signed_as(token) == (alg, typ)
    assert verified(send, token, ISSUER)["client_id"] == client.client_id
    for _ in range(2):
        assert client.userinfo(token).json()["sub"] == str(alice.pk)
        assert client.introspect(token).json()["active"]
    assert signed_as(client.refresh(tokens["refresh_token"]).json()["access_token"]) == (alg, typ)
    assert client.revoke(token).status == 200
    assert client.introspect(token).json() == {"active": False}
    assert client.userinfo(token).status == 401


def test_2_1_an_api_has_the_last_word_for_its_tokens(send: Send, alice: Any) -> None:
    """Spring's default decoder takes RS256 and no `at+jwt`, and cannot know about apps."""
    api = register_api(send, access_token_signing_alg="RS256", access_token_typ="JWT")
    app = RelyingParty.register(send, access_token_audience=[API], access_token_signing_alg="EdDSA")
    token = app.tokens_for(alice)["access_token"]
    assert signed_as(token) == ("RS256", "JWT")
    assert verified(send, token, API)["sub"] == str(alice.pk)
    assert api.introspect(token).json()["aud"] == [API, ISSUER]
    machine = RelyingParty.register(send, "machine", scope="x", access_token_audience=[API])
    own = machine.token({"grant_type": "client_credentials"}).json()["access_token"]
    assert signed_as(own) == ("RS256", "JWT")
    elsewhere = RelyingParty.register(send, access_token_audience=[OTHER_API])
    assert signed_as(elsewhere.tokens_for(alice)["access_token"]) == ("ES256", "at+jwt")

    disable_client(OAuthClient.objects.get(client_id=api.client_id))
    assert signed_as(app.tokens_for(alice)["access_token"]) == ("EdDSA", "at+jwt")


def test_4_a_wish_for_a_signature_hides_no_wish_for_encryption(send: Send, alice: Any) -> None:
    register_api(send, access_token_signing_alg="RS256", access_token_typ="JWT")
    register_api(
        send,
        OTHER_API,
        access_token_encryption_alg="RSA-OAEP-256",
        jwks={"keys": [public_jwk("RS256", kid="rsa", use="enc")]},
    )
    app = RelyingParty.register(send, access_token_audience=[API, OTHER_API])
    token = app.tokens_for(alice)["access_token"]
    header, inner = decrypted(token)
    assert (header["typ"], *signed_as(inner)) == ("JWT", "RS256", "JWT")
    assert app.userinfo(token).status == 200


def test_what_was_issued_before_a_change_goes_on_working(web: RelyingParty, alice: Any) -> None:
    before = web.tokens_for(alice)["access_token"]
    row = OAuthClient.objects.get(client_id=web.client_id)
    update_client(row, {"access_token_signing_alg": "RS256", "access_token_typ": "JWT"})
    assert web.userinfo(before).status == 200
    assert web.introspect(before).json()["active"]


# --- Two kinds of token with one `typ`: RFC 8725 section 3.11 -------------------------------------


@pytest.fixture
def lookalike(send: Send) -> RelyingParty:
    """A client whose access tokens look like ID tokens, even to the audience."""
    client = RelyingParty.register(
        send,
        access_token_signing_alg="RS256",
        access_token_typ="JWT",
        post_logout_redirect_uris=["https://client.example/out"],
    )
    row = OAuthClient.objects.get(client_id=client.client_id)
    update_client(row, {"access_token_audience": [client.client_id]})
    return client


def test_an_id_token_is_no_access_token(alice: Any, lookalike: RelyingParty) -> None:
    identity = lookalike.tokens_for(alice)["id_token"]
    assert signed_as(identity) == ("RS256", "JWT")
    assert lookalike.userinfo(identity).status == 401
    assert lookalike.introspect(identity).json() == {"active": False}


def test_an_access_token_is_no_hint(browser: Browser, alice: Any, lookalike: RelyingParty) -> None:
    token = lookalike.tokens_for(alice)["access_token"]
    assert jwt.decode(token, options={"verify_signature": False})["aud"][0] == lookalike.client_id
    with pytest.raises(InvalidToken, match="an access token"):
        read_id_token_hint(token)
    sign_in(browser, alice)
    lookalike.consented_by(alice)
    refused = lookalike.authorize(browser, id_token_hint=token, prompt="none")
    assert refused.redirect_members["error"] == "invalid_request"
    leaving = browser.get("/oauth2/logout", id_token_hint=token)
    assert "Sign out?" in browser.follow(leaving).text
