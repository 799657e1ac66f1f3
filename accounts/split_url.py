"""Takes URLs apart, in the one place that knows how the standard library fails at it.

`urlsplit` raises ValueError for what another parser lets through (`app://[`), and its result raises
once more when somebody reads `port`. An architecture test keeps both out of all other modules.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import urlsplit, urlunsplit


class MalformedURL(ValueError):
    """A text that cannot be taken apart. The message is static: it repeats nothing of it."""


@dataclass(frozen=True, slots=True)
class URL:
    """The parts of a URL, all of them read. `hostname` is in lower case, "" where there is none."""

    scheme: str
    netloc: str
    path: str
    query: str
    fragment: str
    hostname: str
    port: int | None
    has_user: bool
    """Whether a user name or a password stands before the host."""

    def on(self, other: URL) -> str:
        """Return this URL as text, with scheme and host of another."""
        moved = replace(self, scheme=other.scheme, netloc=other.netloc)
        return urlunsplit((moved.scheme, moved.netloc, moved.path, moved.query, moved.fragment))


def split_url(text: str) -> URL:
    """Take a URL apart.

    Raises:
        MalformedURL: the brackets, the host or the port are none.
    """
    try:
        parts = urlsplit(text)
        hostname, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise MalformedURL("malformed URL") from error
    return URL(
        scheme=parts.scheme,
        netloc=parts.netloc,
        path=parts.path,
        query=parts.query,
        fragment=parts.fragment,
        hostname=hostname,
        port=port,
        has_user="@" in parts.netloc,
    )


def find_host(text: str) -> str:
    """Return the host of a URL, "" if it has none or is malformed."""
    try:
        return split_url(text).hostname
    except MalformedURL:
        return ""
