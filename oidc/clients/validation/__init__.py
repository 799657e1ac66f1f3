"""Validates a client's metadata. Used by the service alone, and so by every front door."""

from __future__ import annotations

from typing import Any

from oidc.clients.profiles import PROFILES
from oidc.clients.validation.consistency import find_problems
from oidc.clients.validation.errors import InvalidClientMetadata, Problem, Refused
from oidc.clients.validation.members import COLUMNS, find_check, redirect_uris

__all__ = ["COLUMNS", "InvalidClientMetadata", "Problem", "validate_metadata"]

SERVER_MEMBERS = frozenset(
    {"client_id", "client_secret", "client_id_issued_at", "client_secret_expires_at"}
)


def validate_metadata(metadata: dict[str, Any]) -> dict[str, Any]:
    """Return complete metadata in canonical form. Every column must be there.

    Spec: RFC 7591 sections 2 and 3.2.2.

    Raises:
        InvalidClientMetadata: with every problem, at the member where a person can mend it.
    """
    checked: dict[str, Any] = {}
    problems: list[Problem] = []
    for member, value in metadata.items():
        try:
            checked[member] = _check(member, value, metadata)
        except Refused as refused:
            known = _is_known(member)
            problems += [Problem(member, message, known) for message in refused.messages]
    # Rules between members only make sense once each value is what it should be.
    problems = problems or find_problems(checked)
    if problems:
        raise InvalidClientMetadata(problems)
    return checked


def _check(member: str, value: Any, metadata: dict[str, Any]) -> Any:
    if member in ("redirect_uris", "post_logout_redirect_uris"):
        profile = PROFILES.get(metadata["profile"]) if _is_text(metadata["profile"]) else None
        is_native = profile is not None and profile.application_type == "native"
        schemes = metadata["private_use_schemes"]  # what is wrong about these is told elsewhere
        allowed = list(filter(_is_text, schemes)) if isinstance(schemes, list) else []
        return redirect_uris(native=is_native, schemes=allowed)(value)
    if member in SERVER_MEMBERS:
        raise Refused("Is chosen by the server.")
    check = find_check(member)
    if check is None:
        raise Refused("A member is unknown, or asks for something this server does not do.")
    return check(value)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_known(member: str) -> bool:
    return member in SERVER_MEMBERS or find_check(member) is not None
