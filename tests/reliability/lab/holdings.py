"""What an actor holds."""

from __future__ import annotations

from dataclasses import dataclass

from tests.support.doors import Browser


@dataclass
class Session:
    """A browser that is signed in, or was."""

    name: str
    browser: Browser
    ended: bool = False


@dataclass
class Family:
    """A grant, with the newest tokens that its client holds."""

    code: str
    session: Session
    offline: bool
    refresh_token: str
    access_token: str
    ended: bool = False


@dataclass(frozen=True)
class Code:
    """A code that nobody has redeemed yet."""

    code: str
    session: Session
    offline: bool
