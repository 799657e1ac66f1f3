"""Remembers in a cookie which people have signed in with a browser.

Such a browser may still sign them in while strangers guess their password from everywhere. The
cookie has a keyed mark for each person, and no mark tells whose it is. A new password makes all
marks of a person worthless.
"""

from __future__ import annotations

import base64
import binascii
import secrets
import time
from collections.abc import Iterator
from typing import NamedTuple

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.models import User

MOST_PEOPLE = 5
"""Marks in one browser. More: a longer cookie with every request."""

LIFETIME_SECONDS = 180 * 24 * 3600
"""How long a mark counts. Longer: an old stolen cookie may guess for longer."""

_SALT = "accounts.known_browsers"
_ID_BYTES, _TIME_BYTES, _MAC_BYTES = 9, 5, 16
_MARK_LENGTH = (_ID_BYTES + _TIME_BYTES + _MAC_BYTES) // 3 * 4


class _Mark(NamedTuple):
    id: bytes
    made_at: int
    mac: bytes
    text: str

    def is_of(self, person: User) -> bool:
        secret_keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
        macs = [_mac(person, self.id, self.made_at, key) for key in secret_keys]
        return any(constant_time_compare(self.mac, mac) for mac in macs)


def find_mark(request: HttpRequest, person: User) -> str | None:
    """Return the id of the mark that this person has in this browser, None without one."""
    marks = [mark for mark in _marks(request) if mark.is_of(person)]
    return marks[0].id.hex() if marks else None


def remember_browser(request: HttpRequest, response: HttpResponseBase, person: User) -> None:
    """Mark the browser that is answered as one that has signed this person in."""
    others = [mark.text for mark in _marks(request) if not mark.is_of(person)]
    response.set_cookie(
        settings.KNOWN_BROWSER_COOKIE_NAME,
        ".".join([_new_mark(person), *others][:MOST_PEOPLE]),
        max_age=LIFETIME_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _new_mark(person: User) -> str:
    mark_id, made_at = secrets.token_bytes(_ID_BYTES), int(time.time())
    mac = _mac(person, mark_id, made_at, settings.SECRET_KEY)
    mark = mark_id + made_at.to_bytes(_TIME_BYTES, "big") + mac
    return base64.urlsafe_b64encode(mark).decode()


def _mac(person: User, mark_id: bytes, made_at: int, secret_key: str) -> bytes:
    value = f"{mark_id.hex()} {made_at} {person.pk} {person.password}"
    return salted_hmac(_SALT, value, secret=secret_key, algorithm="sha256").digest()[:_MAC_BYTES]


def _marks(request: HttpRequest) -> Iterator[_Mark]:
    """Yield the marks that are young enough. Whose they are, and whether ours, is not known yet."""
    cookie = request.COOKIES.get(settings.KNOWN_BROWSER_COOKIE_NAME, "")
    for text in cookie[: MOST_PEOPLE * (_MARK_LENGTH + 1)].split("."):
        if len(text) != _MARK_LENGTH:
            continue
        try:
            mark = base64.b64decode(text.encode(), b"-_", validate=True)
        except (ValueError, binascii.Error):
            continue
        made_at = int.from_bytes(mark[_ID_BYTES:-_MAC_BYTES], "big")
        if made_at > time.time() - LIFETIME_SECONDS:
            yield _Mark(mark[:_ID_BYTES], made_at, mark[-_MAC_BYTES:], text)
