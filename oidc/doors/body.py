"""Reads the body of a request: limited, complete, and of the type that the endpoint speaks."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from oidc.errors import ProtocolError

MAX_BODY_BYTES = 64 * 1024
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"

_MOST_LENGTH_DIGITS = 10  # Python refuses to read a number of thousands of digits


def read_json(text: str) -> dict[str, Any]:
    """Parse the text of a JSON object, in which no name comes twice.

    Spec: RFC 8259; RFC 7493 section 2.3 (I-JSON).

    Raises:
        ProtocolError: `invalid_request`.
    """
    try:
        value = json.loads(text, object_pairs_hook=_once_each, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise ProtocolError("invalid_request", "the body is not valid JSON") from error
    if not isinstance(value, dict):
        raise ProtocolError("invalid_request", "the body must be a JSON object")
    return value


def read_text(
    read: Callable[[int], bytes], content_length: str, content_type: str, expected_type: str
) -> str:
    """Return the body as text.

    `read` returns at most that many bytes of it.

    Raises:
        ProtocolError: 413, 415, or `invalid_request`.
    """
    if content_length and not (content_length.isascii() and content_length.isdigit()):
        raise ProtocolError("invalid_request", "Content-Length is not a number")
    if len(content_length) > _MOST_LENGTH_DIGITS or int(content_length or 0) > MAX_BODY_BYTES:
        raise _too_large()
    body = read(int(content_length) if content_length else MAX_BODY_BYTES + 1)
    if len(body) > MAX_BODY_BYTES:
        raise _too_large()
    if len(body) < int(content_length or 0):
        raise ProtocolError("invalid_request", "the body is shorter than its Content-Length")
    if body and content_type.partition(";")[0].strip().lower() != expected_type:
        raise ProtocolError("invalid_request", f"the body must be {expected_type}", status=415)
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise ProtocolError("invalid_request", "the body is not valid UTF-8") from error


def _too_large() -> ProtocolError:
    return ProtocolError("invalid_request", "the body is too large", status=413)


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a name comes twice")
    return members


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
