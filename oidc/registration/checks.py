"""Refuses to start with settings of registration that mean nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.core.checks import CheckMessage, Error

from oidc.clients.validation import values
from oidc.clients.validation.addresses import check_private_use_scheme
from oidc.clients.validation.errors import Refused
from oidc.conf import configuration

MODES = ("off", "token", "open")
PROFILES = ("oidc-compat", "strict")


def check_registration(**_: object) -> list[CheckMessage]:
    """Return what is wrong, and what to change."""
    configured = configuration()
    problems = []
    if configured.registration not in MODES:
        problems.append(f"GATEHOUSE_REGISTRATION must be one of: {', '.join(MODES)}.")
    if configured.registration_profile not in PROFILES:
        problems.append(f"GATEHOUSE_REGISTRATION_PROFILE must be one of: {', '.join(PROFILES)}.")
    if not _is_scope(configured.registration_scopes):
        problems.append("GATEHOUSE_REGISTRATION_SCOPES must be scopes, with a space between them.")
    if not _are_schemes(configured.registration_schemes):
        problems.append(
            "GATEHOUSE_REGISTRATION_SCHEMES must be apps' own schemes in lower case, without "
            "colons and with commas between them, such as cursor; never javascript and its kind."
        )
    if configured.registration_unused_days < 1:
        problems.append("GATEHOUSE_REGISTRATION_UNUSED_DAYS must be 1 at least.")
    if not _are_issuers(configured.software_statement_issuers):
        problems.append(
            "GATEHOUSE_SOFTWARE_STATEMENT_ISSUERS must be a JSON object: each member an issuer, "
            'its value {"jwks_uri": "https://..."} or {"jwks": {"keys": [...]}}.'
        )
    return [Error(problem, id="oidc.E001") for problem in problems]


def _is_scope(names: Iterable[str]) -> bool:
    try:
        return bool(values.scope(" ".join(names)))
    except Refused:
        return False


def _are_schemes(schemes: Iterable[str]) -> bool:
    try:
        values.list_of(check_private_use_scheme)(list(schemes))
    except Refused:
        return False
    return True


def _are_issuers(issuers: Any) -> bool:
    return isinstance(issuers, Mapping) and all(
        isinstance(keys, Mapping) and set(keys) in ({"jwks"}, {"jwks_uri"})
        for keys in issuers.values()
    )
