"""The three families of errors, and nothing else.

* `ProtocolError`: what a client or a browser did wrong. `description` goes to the client (static,
  printable ASCII without quotes and backslashes, RFC 6749 section 5.2); `detail` goes to the log.
* `StoreError`: what a store answers. Translated in grants and endpoints only.
* Everything else propagates: it is a defect, and the wrapper around the endpoints turns it into a
  500 with a reference id.
"""

from __future__ import annotations

from typing import NamedTuple

from authlib.oauth2.base import OAuth2Error
from django.utils.functional import Promise

Text = str | Promise
"""What people read. A promise is translated when the page is made."""

RETRY_SHORTLY = (("Retry-After", "2"),)
"""The header of a 503 whose reason will mostly have passed in two seconds (RFC 9110 10.2.3)."""


class ProtocolError(OAuth2Error):
    """An OAuth error answer.

    Spec: RFC 6749 sections 4.1.2.1 and 5.2; OpenID Connect Core 1.0 section 3.1.2.6.
    """

    def __init__(
        self,
        error: str,
        description: str,
        *,
        status: int = 400,
        detail: str = "",
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(description=description, status_code=status, error=error)
        self.detail = detail or description
        self.headers = headers


class WayOn(NamedTuple):
    """A link that leads on from an error page.

    `app`: the name of the app that it leads to; empty: it asks for the same page again.
    """

    address: str
    app: str = ""


class Fact(NamedTuple):
    """Something that an error page shows beside its message: a heading, and texts under it.

    `is_quoted`: the text comes from the request, and is shown as such.
    """

    heading: Text
    texts: tuple[Text, ...]
    is_quoted: bool = False


class PageError(ProtocolError):
    """An error that must stay on our side: shown as a page, never sent to a redirect URI.

    People read its description, title and facts, so the catalogues translate them. `ways` are
    links on the page; a link to the person's account is always there.

    Spec: RFC 6749 section 4.1.2.1, first paragraph.
    """

    def __init__(
        self,
        error: str,
        description: str,
        *,
        status: int = 400,
        detail: str = "",
        headers: tuple[tuple[str, str], ...] = (),
        title: Text = "",
        ways: tuple[WayOn, ...] = (),
        facts: tuple[Fact, ...] = (),
    ) -> None:
        super().__init__(error, description, status=status, detail=detail, headers=headers)
        self.title = title
        self.ways = ways
        self.facts = facts


class BadSetting(ValueError):
    """A setting cannot be used. The text names it, says what it must be, and tells no secret."""


def page_error_of(error: ProtocolError, *, ways: tuple[WayOn, ...] = ()) -> PageError:
    """Return the same error, to stay on our side."""
    return PageError(
        error.error,
        error.description,
        status=error.status_code,
        detail=error.detail,
        headers=error.headers,
        ways=ways,
    )


class StoreError(Exception):
    """Base of what stores raise."""


class StoreUnavailable(StoreError):
    """The cluster did not answer, or not durably, before the deadline. Becomes a 503."""


class NotFound(StoreError):
    """No such record: never stored, expired, revoked or signed out."""


class AlreadyUsed(StoreError):
    """A value that works once was presented again."""


class SessionEnded(StoreError):
    """The session of sign-on behind an operation has been ended or has expired."""


class Mismatch(StoreError):
    """A record exists but is bound to something else. Nothing was consumed.

    `field` is the name of the binding that differed (a column of the record).
    """

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field
