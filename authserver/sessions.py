"""Django's sessions on the cluster: the `SESSION_ENGINE`.

Unlike Django's cache sessions it fails closed: an unreachable cluster raises `StoreUnavailable` (a
503 that keeps the cookie), and a session that was deleted stays deleted, whatever a request in
flight still wants to save.
"""

from __future__ import annotations

from typing import Any

from django.contrib.sessions.backends.base import (
    VALID_KEY_CHARS,
    CreateError,
    SessionBase,
    UpdateError,
)
from django.utils.crypto import get_random_string

from oidc.stores.redis import browser_sessions

KEY_LENGTH = 32
"""Characters of a session key: 165 random bits."""


class SessionStore(SessionBase):
    """A session, loaded when it is first looked at.

    `SessionBase` derives the asynchronous methods from these, in a thread.
    """

    def load(self) -> dict[str, Any]:
        members = browser_sessions.load(self.session_key) if self.session_key else None
        if members is None:
            self._session_key = None
            return {}
        return members

    def create(self) -> None:
        while True:
            self._session_key = get_random_string(KEY_LENGTH, VALID_KEY_CHARS)
            try:
                self.save(must_create=True)
            except CreateError:
                continue
            self.modified = True
            return

    def save(self, must_create: bool = False) -> None:
        if self.session_key is None:
            self.create()
            return
        members = self._get_session(no_load=must_create)  # type: ignore[attr-defined]
        lifetime_seconds = max(1, int(self.get_expiry_age()))
        if must_create:
            if not browser_sessions.create(self.session_key, members, lifetime_seconds):
                raise CreateError
        elif not browser_sessions.save(self.session_key, members, lifetime_seconds):
            raise UpdateError

    def exists(self, session_key: str | None = None) -> bool:
        return bool(session_key) and browser_sessions.exists(str(session_key))

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key is not None:
            browser_sessions.delete(key)

    @classmethod
    def clear_expired(cls) -> None:
        """Nothing to do: the cluster forgets them itself."""
