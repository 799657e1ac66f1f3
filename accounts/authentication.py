"""How and when somebody signed in, read from the JSON members of a browser session.

Pure functions over a mapping, so that code in front of Django can ask without a request.

Specs: OpenID Connect Core 1.0 section 2 (`auth_time`, `acr`, `amr`); RFC 8176 (values of `amr`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from django.apps import apps
from django.contrib.auth import SESSION_KEY as USER_ID_MEMBER

SID_MEMBER = "sid"
"""The session of sign-on that this browser session belongs to."""

SIGNED_IN_AT_MEMBER = "signed_in_at"
"""When Django signed the person in (epoch seconds), for sign-ins that left no record."""

RECORDS_MEMBER = "account_authentication_methods"
RECORDS_USER_MEMBER = "account_authentication_methods_user"
"""Where allauth notes each passed step of authentication, and for whom."""

ACR_PASSWORD = "urn:gatehouse:acr:password"
ACR_MFA = "urn:gatehouse:acr:mfa"
ACR_VALUES = (ACR_PASSWORD, ACR_MFA)
"""Every `acr` there is, weakest first: each one satisfies a request for those before it."""


def reachable_acr_values() -> tuple[str, ...]:
    """Return every `acr` that people can reach here: a second factor must be there to enrol."""
    return ACR_VALUES if apps.is_installed("allauth.mfa") else (ACR_PASSWORD,)


class Factor(Enum):
    """What a passed step proves."""

    KNOWLEDGE = "something the person knows"
    POSSESSION = "something the person has"
    NONE = "nothing that counts as a factor of its own"


_BOTH_FACTORS = frozenset({Factor.KNOWLEDGE, Factor.POSSESSION})


@dataclass(frozen=True, slots=True)
class Step:
    """A kind of authentication step: its value in `amr`, and the factor it proves."""

    amr: str
    factor: Factor


STEPS: Mapping[tuple[str, str], Step] = {
    ("password", ""): Step("pwd", Factor.KNOWLEDGE),
    ("password_reset", ""): Step("pwd", Factor.KNOWLEDGE),
    ("code", ""): Step("otp", Factor.NONE),  # Mailed, and a mail can reset the password too.
    ("mfa", "totp"): Step("otp", Factor.POSSESSION),
    ("mfa", "recovery_codes"): Step("otp", Factor.POSSESSION),
    ("mfa", "webauthn"): Step("pop", Factor.POSSESSION),
}
"""allauth's records, by `method` and `type`. Unknown ones prove nothing."""


class AuthenticationContext(NamedTuple):
    """Who is signed in with a browser, since when, and how."""

    user_id: str
    sid: str
    """Empty while no session of sign-on has been opened."""
    auth_time: float
    """The last time this person proved who they are, with fractions of a second."""
    amr: tuple[str, ...]
    acr: str


def authentication_context(members: Mapping[str, object]) -> AuthenticationContext | None:
    """Tell who is signed in. Returns None if nobody is, or nothing tells since when."""
    user_id = members.get(USER_ID_MEMBER)
    if not isinstance(user_id, str):
        return None
    records = _records(members, user_id)
    auth_time = _time(records[-1].get("at") if records else members.get(SIGNED_IN_AT_MEMBER))
    if auth_time is None:
        return None
    steps = _steps(records)
    is_mfa = _is_mfa(records, steps)
    sid = members.get(SID_MEMBER)
    return AuthenticationContext(
        user_id=user_id,
        sid=sid if isinstance(sid, str) else "",
        auth_time=auth_time,
        amr=_amr(records, steps, is_mfa=is_mfa),
        acr=ACR_MFA if is_mfa else ACR_PASSWORD,
    )


def signed_in_for_apps(members: Mapping[str, object]) -> AuthenticationContext | None:
    """Tell who is signed in as `authentication_context` does, and with a session of sign-on.

    A browser session without a `sid` signs nobody in to an app: nothing could end it there.
    """
    context = authentication_context(members)
    return context if context is not None and context.sid else None


def satisfies(acr: str, requested: str) -> bool:
    """Tell whether an `acr` is at least as strong as a requested one. Unknown ones never are."""
    if acr not in ACR_VALUES or requested not in ACR_VALUES:
        return False
    return ACR_VALUES.index(acr) >= ACR_VALUES.index(requested)


def reported_acr(acr: str, acr_values: Iterable[str]) -> str:
    """Return the most preferred requested `acr` that was satisfied; if none was, what was reached.

    Somebody with two factors has satisfied a request for a password, too.
    Spec: OpenID Connect Core 1.0 section 3.1.2.1 (`acr_values`, a voluntary claim).
    """
    return next((requested for requested in acr_values if satisfies(acr, requested)), acr)


def _records(members: Mapping[str, object], user_id: str) -> list[Mapping[str, object]]:
    """Return allauth's records of this person, oldest first; not those of somebody else."""
    records = members.get(RECORDS_MEMBER)
    if members.get(RECORDS_USER_MEMBER) != user_id or not isinstance(records, list):
        return []
    return [record for record in records if isinstance(record, Mapping)]


def _time(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _steps(records: list[Mapping[str, object]]) -> list[Step]:
    keys = [(str(record.get("method", "")), str(record.get("type", ""))) for record in records]
    return [STEPS[key] for key in keys if key in STEPS]


def _is_mfa(records: list[Mapping[str, object]], steps: list[Step]) -> bool:
    """Two different factors, or a passkey that verified its user, which is two in one."""
    if any(record.get("passwordless") is True for record in records):
        return True
    return len(steps) > 1 and {step.factor for step in steps} >= _BOTH_FACTORS


def _amr(
    records: list[Mapping[str, object]], steps: list[Step], *, is_mfa: bool
) -> tuple[str, ...]:
    """Values of `amr`, each once. A sign-up leaves no record: its password was just chosen."""
    values = [step.amr for step in steps] if records else ["pwd"]
    if is_mfa:
        values.append("mfa")
    return tuple(dict.fromkeys(values))
