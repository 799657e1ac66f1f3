"""Checks for single values: type, length, vocabulary. Each returns the value, made canonical."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from oidc.clients.jwk import usable_keys
from oidc.clients.names import is_plain, is_visible
from oidc.clients.validation.addresses import check_private_use_scheme, check_web_uri
from oidc.clients.validation.errors import Refused

Check = Callable[[Any], Any]

LONGEST_LIST = 100
LONGEST_TEXT = 200
LARGEST_JWKS_BYTES = 32_768
_MOST_KEYS = 20
_SCOPE_TOKEN = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,200}")


def text(value: Any) -> str:
    """One line of text without controls, halves of characters, or marks that reorder letters."""
    if not isinstance(value, str) or not value.strip():
        raise Refused("Must be text, and not empty.")
    if len(value) > LONGEST_TEXT:
        raise Refused(f"Must not be longer than {LONGEST_TEXT} characters.")
    if not is_plain(value):
        raise Refused("Must not have control characters, or marks that nobody sees.")
    return value.strip()


def name(value: Any) -> str:
    """A text with something to see in it."""
    checked = text(value)
    if not is_visible(checked):
        raise Refused("Must have a letter, a digit or a sign that people can see.")
    return checked


def flag(value: Any) -> bool:
    """True or false, and nothing that merely looks like it."""
    if not isinstance(value, bool):
        raise Refused("Must be true or false.")
    return value


def number(lowest: int, highest: int, *, also: tuple[int | None, ...] = ()) -> Check:
    """A whole number in a range, or one of `also`."""

    def check(value: Any) -> int | None:
        is_number = isinstance(value, int) and not isinstance(value, bool)
        if (value is None and None in also) or (is_number and value in also):
            return value  # type: ignore[no-any-return]
        if not is_number or not lowest <= value <= highest:
            raise Refused(f"Must be a whole number from {lowest} to {highest}.")
        return int(value)

    return check


def one_of(choices: tuple[str, ...]) -> Check:
    """One word of a vocabulary."""

    def check(value: Any) -> str:
        if not isinstance(value, str) or value not in choices:
            raise Refused(f"Must be one of: {', '.join(filter(None, choices))}.")
        return value

    return check


def one_of_sets(choices: tuple[str, ...]) -> Check:
    """One set of words; their order does not matter (RFC 6749 section 3.1.1)."""
    check = one_of(choices)

    def check_sorted(value: Any) -> Any:
        return check(" ".join(sorted(value.split())) if isinstance(value, str) else value)

    return check_sorted


def list_of(check_entry: Check) -> Check:
    """A list without repetitions, its order kept. Every entry at fault is told of at once."""

    def check(value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise Refused("Must be a list.")
        if len(value) > LONGEST_LIST:
            raise Refused(f"Must not have more than {LONGEST_LIST} entries.")
        entries = []
        faults: dict[str, list[int]] = {}
        for position, entry in enumerate(value, start=1):
            try:
                entries.append(check_entry(entry))
            except Refused as refused:
                faults.setdefault(str(refused), []).append(position)
        if faults:
            raise Refused(*(f"{_entries(where)}: {rule}" for rule, where in faults.items()))
        return list(dict.fromkeys(entries))

    return check


def _entries(positions: list[int]) -> str:
    *others, last = map(str, positions)
    return f"Entries {', '.join(others)} and {last}" if others else f"Entry {last}"


def optional(check: Check) -> Check:
    """An empty text, or what the check lets through."""
    return lambda value: "" if value in ("", None) else check(value)


def page_uri(value: Any) -> str:
    """A page or picture that people are shown, on any host."""
    return check_web_uri(value, secure=False)


def server_uri(value: Any) -> str:
    """An address that this server, or a person's browser on its behalf, calls."""
    return check_web_uri(value, secure=True)


def request_uri(value: Any) -> str:
    """A server's address that may carry the hash of its content. Spec: Core section 6.2."""
    if not isinstance(value, str):
        raise Refused("Must be a text.")
    server_uri(value.partition("#")[0])
    return value


def https_uri(value: Any) -> str:
    """An address for which the specification has https, without exception."""
    if not server_uri(value).startswith("https:"):
        raise Refused("Must begin with https://.")
    return str(value)


def private_use_scheme(value: Any) -> str:
    """A scheme that belongs to an app, without its colon. Spec: RFC 8252 section 7.1."""
    return check_private_use_scheme(value)


def audience(value: Any) -> str:
    """An `aud` value. Spec: RFC 7519 section 2 (StringOrURI)."""
    if not isinstance(value, str) or not re.fullmatch(r"[\x21-\x7e]{1,500}", value):
        raise Refused("Must be an identifier of an API: printable ASCII without spaces.")
    return value


def scope(value: Any) -> str:
    """Names with one space between them. Spec: RFC 6749 section 3.3."""
    if not isinstance(value, str):
        raise Refused("Must be text: names with a space between them.")
    tokens = list(dict.fromkeys(value.split()))
    if len(tokens) > LONGEST_LIST:
        raise Refused(f"Must not have more than {LONGEST_LIST} names.")
    if not all(_SCOPE_TOKEN.fullmatch(token) for token in tokens):
        raise Refused("A name has characters that a scope must not have.")
    return " ".join(tokens)


def jwks(value: Any) -> dict[str, Any] | None:
    """A set of public keys; ones that are of no use here may be among them.

    Spec: RFC 7517 section 5; OpenID Connect Core 1.0 section 10.1.
    """
    if value is None:
        return None
    if not isinstance(value, dict) or not isinstance(value.get("keys"), list) or not value["keys"]:
        raise Refused("Must be a JWK set: an object with a list of keys.")
    written = _written(value)
    if len(value["keys"]) > _MOST_KEYS or len(written) > LARGEST_JWKS_BYTES:
        raise Refused(f"Must not have more than {_MOST_KEYS} keys or {LARGEST_JWKS_BYTES} bytes.")
    if "\\u" in written:
        raise Refused("Must not have control characters, or others outside ASCII.")
    try:
        kids = [key.kid for key in usable_keys(value["keys"])]
    except ValueError as error:
        raise Refused(str(error)) from error
    if len(kids) > 1 and ("" in kids or len(set(kids)) < len(kids)):
        raise Refused("With several keys, each must have a kid of its own.")
    return {"keys": value["keys"]}


def _written(value: Any) -> str:
    """Return JSON as a database takes it: without NaN, and not nested without end."""
    try:
        return json.dumps(value, allow_nan=False)
    except (ValueError, RecursionError) as error:
        raise Refused("Must be plain JSON.") from error
