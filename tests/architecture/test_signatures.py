"""How many signatures each endpoint makes and checks, pinned: they are most of what it costs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from oidc.keys import ring
from tests.support.doors import Answer, Browser, send_to_wsgi
from tests.support.relying_party import RelyingParty, new_person, sign_in

pytestmark = pytest.mark.django_db


@dataclass
class Signatures:
    made: int = 0
    checked: int = 0

    def of(self, call: Callable[[], Answer]) -> tuple[int, int]:
        """Return how many signatures an answer took: made and checked."""
        self.made = self.checked = 0
        answer = call()
        assert answer.status in (200, 303), answer.text
        return self.made, self.checked


@pytest.fixture
def signatures(monkeypatch: pytest.MonkeyPatch) -> Signatures:
    """Counts what the keys of this process do from here on."""
    counted, keys = Signatures(), ring.key_ring()

    def sign_with(material: ring.SigningMaterial) -> Callable[[bytes], bytes]:
        def sign(message: bytes) -> bytes:
            counted.made += 1
            return material.sign(message)

        return sign

    def verify_with(key: ring.VerificationKey) -> Callable[[bytes, bytes], None]:
        def verify(signature: bytes, message: bytes) -> None:
            counted.checked += 1
            key.verify(signature, message)

        return verify

    signing = {name: replace(key, sign=sign_with(key)) for name, key in keys.signing.items()}
    verification = {
        kid: replace(key, verify=verify_with(key)) for kid, key in keys.verification.items()
    }
    changed = replace(keys, signing=signing, verification=verification)
    monkeypatch.setattr(ring, "_current", changed)
    monkeypatch.setattr(ring, "REFRESH_SECONDS", 3600)
    return counted


@pytest.fixture
def web() -> RelyingParty:
    return RelyingParty.register(send_to_wsgi)


def test_a_machine_takes_one(signatures: Signatures) -> None:
    machine = RelyingParty.register(send_to_wsgi, "machine", scope="api")
    assert signatures.of(lambda: machine.token({"grant_type": "client_credentials"})) == (1, 0)


def test_a_sign_in_takes_two(web: RelyingParty, signatures: Signatures) -> None:
    browser, alice = Browser(send_to_wsgi), new_person()
    sign_in(browser, alice)
    web.consented_by(alice)
    answers: list[Answer] = []

    def authorize() -> Answer:
        answers.append(web.authorize(browser))
        return answers[-1]

    assert signatures.of(authorize) == (0, 0)
    code = answers[0].redirect_members["code"]
    assert signatures.of(lambda: web.redeem(code)) == (2, 0)


def test_a_refresh_takes_one_and_one_for_an_id_token(
    web: RelyingParty, signatures: Signatures
) -> None:
    alice = new_person()
    tokens = web.tokens_for(alice)
    assert signatures.of(lambda: web.refresh(tokens["refresh_token"])) == (2, 0)
    tokens = web.tokens_for(alice, scope="email")
    assert signatures.of(lambda: web.refresh(tokens["refresh_token"])) == (1, 0)


@pytest.mark.parametrize("endpoint", ["userinfo", "introspect", "revoke"])
def test_a_token_is_checked_once(endpoint: str, web: RelyingParty, signatures: Signatures) -> None:
    token: Any = web.tokens_for(new_person())["access_token"]
    first, again = [signatures.of(lambda: getattr(web, endpoint)(token)) for _ in range(2)]
    assert (first, again) == ((0, 1), (0, 0))


def test_the_keys_themselves_take_none(signatures: Signatures) -> None:
    jwks = lambda: send_to_wsgi("GET", "/.well-known/jwks.json", "", b"", {})  # noqa: E731
    assert signatures.of(jwks) == (0, 0)
