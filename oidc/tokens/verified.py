"""Remembers tokens whose signature was verified: resource servers ask about one again and again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from oidc.keys.jws import InvalidToken
from oidc.keys.ring import key_ring

MOST_TOKENS = 4096
"""A few megabytes for each process."""


class Expiring(Protocol):
    """A token that was read. `expires_at`: epoch seconds."""

    @property
    def expires_at(self) -> int: ...


Token = TypeVar("Token", bound=Expiring)


class VerifiedTokens(Generic[Token]):
    """The tokens of one kind that this process has verified, by their text.

    Only what a signature proves is remembered. Whether a token was revoked is asked every time, and
    so is the time. Other keys forget everything: one that was retired or deleted is believed no
    longer than without this memory.
    """

    def __init__(self, read: Callable[[str], Token]) -> None:
        self._read = read
        self._state: tuple[str, dict[str, Token]] = ("", {})
        """The keys, by the state of the key ring, and what they have verified."""
        self._lock = threading.Lock()

    def read(self, text: str) -> Token:
        """Verify a token, or recognise it.

        Raises:
            InvalidToken: it is not ours, or expired.
        """
        keys = key_ring().state
        known_keys, tokens = self._state
        if keys != known_keys:
            tokens = {}
            self._state = (keys, tokens)
        token = tokens.get(text)
        if token is None:
            token = self._read(text)
            self._remember(tokens, text, token)
        elif token.expires_at <= time.time():
            raise InvalidToken("expired")
        return token

    def _remember(self, tokens: dict[str, Token], text: str, token: Token) -> None:
        with self._lock:
            while len(tokens) >= MOST_TOKENS:
                del tokens[next(iter(tokens))]
            tokens[text] = token
