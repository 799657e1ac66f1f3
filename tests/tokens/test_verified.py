"""The memory for verified tokens never believes more than a look at the signature would."""

from __future__ import annotations

import time
from dataclasses import dataclass

import pytest

from oidc.keys import lifecycle, ring
from oidc.keys.jws import InvalidToken
from oidc.tokens import verified
from oidc.tokens.verified import VerifiedTokens

pytestmark = pytest.mark.django_db


@dataclass
class Read:
    expires_at: int


class Reader:
    """Reads every text as a token, and notes which it was asked for."""

    def __init__(self, lifetime_seconds: int = 60) -> None:
        self.lifetime_seconds = lifetime_seconds
        self.texts: list[str] = []

    def __call__(self, text: str) -> Read:
        self.texts.append(text)
        if text == "bad":
            raise InvalidToken("wrong signature")
        return Read(int(time.time()) + self.lifetime_seconds)


def test_the_same_token_is_verified_once() -> None:
    tokens = VerifiedTokens(reader := Reader())
    assert tokens.read("a") is tokens.read("a")
    tokens.read("b")
    assert reader.texts == ["a", "b"]


def test_what_was_refused_is_not_remembered() -> None:
    tokens = VerifiedTokens(reader := Reader())
    for _ in range(2):
        with pytest.raises(InvalidToken):
            tokens.read("bad")
    assert reader.texts == ["bad", "bad"]


def test_a_remembered_token_expires() -> None:
    tokens = VerifiedTokens(Reader(lifetime_seconds=0))
    tokens.read("a")
    with pytest.raises(InvalidToken, match="expired"):
        tokens.read("a")


def change_keys() -> None:
    lifecycle.announce("ES256")
    ring.forget()


def test_reading_the_same_keys_again_forgets_nothing() -> None:
    tokens = VerifiedTokens(reader := Reader())
    tokens.read("a")
    ring.forget()
    tokens.read("a")
    assert reader.texts == ["a"]


def test_other_keys_forget_everything() -> None:
    tokens = VerifiedTokens(reader := Reader())
    tokens.read("a")
    change_keys()
    tokens.read("a")
    assert reader.texts == ["a", "a"]


def test_a_token_verified_by_keys_of_before_is_not_remembered() -> None:
    """The keys change while a token is being verified."""
    texts: list[str] = []

    def read(text: str) -> Read:
        texts.append(text)
        if len(texts) == 1:
            change_keys()
            tokens.read("another")
        return Read(int(time.time()) + 60)

    tokens = VerifiedTokens(read)
    tokens.read("a")
    tokens.read("a")
    assert texts == ["a", "another", "a"]


def test_the_oldest_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verified, "MOST_TOKENS", 2)
    tokens = VerifiedTokens(reader := Reader())
    for text in ("a", "b", "c", "b", "a"):
        tokens.read(text)
    assert reader.texts == ["a", "b", "c", "a"]
