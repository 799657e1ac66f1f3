"""The two classes every protocol endpoint speaks: `Request -> Response`.

A door fills in a `Request`, parsed once and strictly; an endpoint answers with a `Response`.
Neither knows about WSGI or Django.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple
from unicodedata import category
from urllib.parse import quote_plus, unquote_to_bytes

from oidc.compact_json import compact_json
from oidc.errors import ProtocolError

MAX_PARAMETERS = 100
MULTILINE_PARAMETERS = frozenset({"claims", "authorization_details"})
"""JSON by specification, so they may hold line breaks and tabs."""

REPEATABLE_PARAMETERS = frozenset({"resource", "audience"})
"""Lists by specification (RFC 8707 section 2; RFC 8693 section 2.1). Nobody reads them here yet."""

Headers = tuple[tuple[str, str], ...]

_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]*")
"""What `application/x-www-form-urlencoded` leaves as it is (RFC 3986 section 2.3)."""


_quoted = lru_cache(maxsize=16)(quote_plus)  # every authorization response has the issuer in it


class Parameters(dict[str, str]):
    """Query or form parameters by name. Empty ones are absent (RFC 6749 section 3.1).

    `repeated` has the names that came more than once, and may not; the first value is kept.
    """

    repeated: frozenset[str] = frozenset()

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        pairs = list(pairs)
        super().__init__(pairs)
        if len(self) < len(pairs):
            names = Counter(name for name, _ in pairs)
            repeated = frozenset(name for name, times in names.items() if times > 1)
            self.repeated = repeated - REPEATABLE_PARAMETERS
            self.update(reversed(pairs))
        if "" in self.values():
            for name in [name for name, value in self.items() if not value]:
                del self[name]


NO_PARAMETERS = Parameters()


def parse_parameters(encoded: str) -> Parameters:
    """Parse `application/x-www-form-urlencoded` text.

    Raises:
        ProtocolError: `invalid_request`: not UTF-8, a control character, or too many parameters.
    """
    if not encoded:
        return NO_PARAMETERS
    if encoded.count("&") >= MAX_PARAMETERS:
        raise ProtocolError("invalid_request", "too many parameters")
    is_printable = encoded.isprintable()
    try:
        return Parameters(
            [_name_and_value(pair, is_printable) for pair in encoded.split("&") if pair]
        )
    except UnicodeDecodeError as error:
        raise ProtocolError("invalid_request", "a parameter is not valid UTF-8") from error


def form_urldecode(text: str) -> str:
    """Decode one `application/x-www-form-urlencoded` name or value.

    Raises:
        UnicodeDecodeError: what was escaped is not UTF-8.
    """
    if "%" in text or "+" in text:
        # Of most escaped values that is all: they are addresses, or lists of scopes.
        text = text.replace("+", " ").replace("%3A", ":").replace("%2F", "/")
        return unquote_to_bytes(text).decode() if "%" in text else text
    return text


def _name_and_value(pair: str, is_printable: bool) -> tuple[str, str]:
    name, _, value = pair.partition("=")
    if "%" in pair or "+" in pair:
        name, value = form_urldecode(name), form_urldecode(value)
    elif is_printable:
        return name, value
    if has_forbidden_character(name, value):
        raise ProtocolError("invalid_request", "a parameter has a control character")
    return name, value


def has_forbidden_character(name: str, value: str) -> bool:
    """Tell whether a parameter has a character that no parameter may have.

    That is a control character, or half of a surrogate pair, which JSON can say and UTF-8 cannot.
    """
    if value.isprintable() and name.isprintable():
        return False
    allowed = "\t\r\n" if name in MULTILINE_PARAMETERS else ""
    return any(category(c) in ("Cc", "Cs") and c not in allowed for c in name + value)


class Request(NamedTuple):
    """What an endpoint may know about a request.

    `headers`: lower-case names, only those that some endpoint reads (`doors.HEADERS`).
    `json`: the members of the body, where the endpoint's row says that it is a JSON object.
    `resource`: the last segment of the path, where the endpoint's row ends in a slash.
    `notes`: what the log line and the event will say besides; ids and reasons, never secrets.
    """

    method: str
    path: str
    query: Parameters
    form: Parameters
    headers: Mapping[str, str]
    remote_address: str
    request_id: str
    notes: dict[str, Any]
    json: Mapping[str, Any]
    resource: str

    @property
    def ui_locales(self) -> str:
        """The languages that the request asks for (OpenID Connect Core 1.0 section 3.1.2.1)."""
        return self.query.get("ui_locales") or self.form.get("ui_locales", "")

    def cookie(self, name: str) -> str:
        """Return a cookie's value, or an empty string."""
        return self.cookies().get(name, "")

    def cookies(self) -> dict[str, str]:
        """Return all cookies.

        The last of a name counts, as in Django: if somebody managed to set a second one, the
        endpoints and the pages must not take the browser for two different people.
        """
        pairs = (pair.partition("=") for pair in self.headers.get("cookie", "").split(";"))
        return {name.strip(): value.strip() for name, _, value in pairs}


class Response(NamedTuple):
    """Status, body and headers. The wrapper adds what every response carries."""

    status: int
    body: bytes = b""
    headers: Headers = ()

    def with_header(self, name: str, value: str) -> Response:
        return Response(self.status, self.body, (*self.headers, (name, value)))


NO_STORE = ("Cache-Control", "no-store")
_JSON = ("Content-Type", "application/json")


def json_response(members: Mapping[str, Any], status: int = 200, headers: Headers = ()) -> Response:
    """Answer with a JSON object that no cache keeps."""
    return Response(status, compact_json(members), (_JSON, NO_STORE, *headers))


def redirect(location: str, headers: Headers = ()) -> Response:
    """Answer 303, so that a form post never follows along (RFC 9700 section 4.12)."""
    return Response(303, b"", (("Location", location), NO_STORE, *headers))


def form_urlencode(members: Mapping[str, str]) -> str:
    """Encode members, whose names are the specifications' own and need no encoding."""
    is_plain = _UNRESERVED.fullmatch  # most values are: a code, a token, most states
    return "&".join(
        [
            f"{name}={value if is_plain(value) else _quoted(value)}"
            for name, value in members.items()
        ]
    )


def with_query(uri: str, members: Mapping[str, str]) -> str:
    """Add parameters to a URI, which may have a query of its own (RFC 6749 section 3.1.2)."""
    return f"{uri}{'&' if '?' in uri else '?'}{form_urlencode(members)}"


def error_response(error: ProtocolError) -> Response:
    """Answer with an OAuth error (RFC 6749 section 5.2)."""
    members = {"error": error.error, "error_description": error.description}
    return json_response(members, error.status_code, error.headers)
