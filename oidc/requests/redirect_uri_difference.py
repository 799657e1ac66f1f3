"""How an address that an app sent differs from those that are registered, in words.

Registered addresses are not told to strangers: the words name parts of an address, no values.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from django.utils.translation import gettext_lazy as _

from oidc.errors import Text

LONGEST_SHOWN = 120
_PARTS = re.compile(
    r"(?:(?P<scheme>[^:/?#]+):)?(?://(?P<authority>[^/?#]*))?"
    r"(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?(?:#(?P<fragment>.*))?",
    re.DOTALL,
)
"""RFC 3986 appendix B: it matches any text."""
_PORT = re.compile(r":(?P<port>[0-9]*)\Z")


class _Parts(NamedTuple):
    scheme: str
    host: str
    port: str
    path: str
    query: str | None
    fragment: str | None


def differences(registered_uris: Iterable[str], sent: str) -> tuple[Text, ...]:
    """Name the parts in which an address differs from the registered one that is nearest to it."""
    found = [_differences(_split(registered), _split(sent)) for registered in registered_uris]
    return min(found, key=len, default=(_("This app has no registered address."),))


def shown_address(text: str) -> str:
    """Return a text of a stranger for a page: cut, and every unusual character visible."""
    cut = text[:LONGEST_SHOWN]
    visible = "".join(c if "\x21" <= c <= "\x7e" else ascii(c)[1:-1] for c in cut)
    return f"{visible}…" if len(text) > LONGEST_SHOWN else visible


def _split(uri: str) -> _Parts:
    match = _PARTS.fullmatch(uri)
    assert match is not None  # noqa: S101 the expression matches any text
    authority = match["authority"] or ""
    port = _PORT.search(authority)
    return _Parts(
        scheme=match["scheme"] or "",
        host=authority[: port.start()] if port else authority,
        port=port["port"] if port else "",
        path=match["path"],
        query=match["query"],
        fragment=match["fragment"],
    )


def _differences(registered: _Parts, sent: _Parts) -> tuple[Text, ...]:
    words: list[Text] = []
    if registered.scheme != sent.scheme:
        words.append(_("the scheme (the part before the first colon)"))
    if registered.host != sent.host:
        words.append(_("the host name"))
    if registered.port != sent.port:
        words.append(_("the port"))
    if registered.path != sent.path:
        words.append(_path_difference(registered.path, sent.path))
    if registered.query != sent.query:
        words.append(_("the query (the part after the question mark)"))
    if registered.fragment != sent.fragment:
        words.append(_("the fragment (the part after #)"))
    return tuple(words)


def _path_difference(registered: str, sent: str) -> Text:
    if registered.rstrip("/") == sent.rstrip("/"):
        return _("a slash at the end of the path")
    if registered.lower() == sent.lower():
        return _("capital letters in the path")
    return _("the path")
