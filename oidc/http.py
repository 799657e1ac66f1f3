"""The two classes every protocol endpoint speaks: `Request -> Response`.

A door fills in a `Request`, parsed once and strictly; an endpoint answers with a `Response`.
Neither knows about WSGI or Django.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

from oidc.errors import ProtocolError

MAX_PARAMETERS = 100
MULTILINE_PARAMETERS = frozenset({"claims", "authorization_details"})
"""JSON by specification, so they may hold line breaks and tabs."""

Headers = tuple[tuple[str, str], ...]


class Parameters(dict[str, str]):
    """Query or form parameters by name. Empty ones are absent (RFC 6749 section 3.1).

    `repeated` has the names that came more than once; the first value is kept.
    """

    __slots__ = ("repeated",)

    def __init__(self, pairs: Iterable[tuple[str, str]] | Mapping[str, str] = ()) -> None:
        super().__init__()
        self.repeated: frozenset[str] = frozenset()
        seen: set[str] = set()
        for name, value in pairs.items() if isinstance(pairs, Mapping) else pairs:
            if name in seen:
                self.repeated |= {name}
            elif value:
                self[name] = value
            seen.add(name)


def parse_parameters(encoded: str) -> Parameters:
    """Parse `application/x-www-form-urlencoded` text.

    Raises:
        ProtocolError: `invalid_request`: not UTF-8, a control character, or too many parameters.
    """
    if not encoded:
        return Parameters()
    try:
        pairs = parse_qsl(
            encoded,
            keep_blank_values=True,
            encoding="utf-8",
            errors="strict",
            max_num_fields=MAX_PARAMETERS,
        )
    except UnicodeDecodeError as error:
        raise ProtocolError("invalid_request", "a parameter is not valid UTF-8") from error
    except ValueError as error:
        raise ProtocolError("invalid_request", "too many parameters") from error
    for name, value in pairs:
        if has_control_character(name, value):
            raise ProtocolError("invalid_request", "a parameter has a control character")
    return Parameters(pairs)


def has_control_character(name: str, value: str) -> bool:
    """Tell whether a parameter has a character that no parameter may have."""
    if value.isprintable() and name.isprintable():
        return False
    allowed = "\t\r\n" if name in MULTILINE_PARAMETERS else ""
    return any((c < " " or c == "\x7f") and c not in allowed for c in name + value)


@dataclass(frozen=True, slots=True)
class Request:
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
    notes: dict[str, Any] = field(default_factory=dict)
    json: Mapping[str, Any] = field(default_factory=dict)
    resource: str = ""

    def cookie(self, name: str) -> str:
        """Return a cookie's value, or an empty string.

        The last of a name counts, as in Django: if somebody managed to set a second one, the
        endpoints and the pages must not take the browser for two different people.
        """
        value = ""
        for pair in self.headers.get("cookie", "").split(";"):
            key, _, text = pair.partition("=")
            if key.strip() == name:
                value = text.strip()
        return value


@dataclass(frozen=True, slots=True)
class Response:
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
    body = json.dumps(members, separators=(",", ":")).encode()
    return Response(status, body, (_JSON, NO_STORE, *headers))


def redirect(location: str, headers: Headers = ()) -> Response:
    """Answer 303, so that a form post never follows along (RFC 9700 section 4.12)."""
    return Response(303, b"", (("Location", location), NO_STORE, *headers))


def with_query(uri: str, members: Mapping[str, str]) -> str:
    """Add parameters to a URI, which may have a query of its own (RFC 6749 section 3.1.2)."""
    return f"{uri}{'&' if '?' in uri else '?'}{urlencode(members)}"


def error_response(error: ProtocolError) -> Response:
    """Answer with an OAuth error (RFC 6749 section 5.2)."""
    members = {"error": error.error, "error_description": error.description}
    return json_response(members, error.status_code, error.headers)
