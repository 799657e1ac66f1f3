"""What an answer says, by the kind of its request."""

from __future__ import annotations

from collections.abc import Callable

from tests.reliability.lab.history import Kind, Outcome
from tests.support.doors import Answer

_NOT_SIGNED_IN = {"login_required", "interaction_required", "consent_required"}


def outcome_of(kind: Kind, answer: Answer) -> Outcome:
    """Return the outcome that an answer stands for."""
    if answer.status == 503:
        return Outcome.UNKNOWN if answer.header("Retry-After") else Outcome.WRONG
    return _JUDGES[kind](answer)


def _redirect_with_code(answer: Answer) -> Outcome:
    members = answer.redirect_members
    if members.get("code"):
        return Outcome.DONE
    return Outcome.REFUSED if members.get("error") in _NOT_SIGNED_IN else Outcome.WRONG


def _tokens(answer: Answer) -> Outcome:
    if answer.status == 200:
        return Outcome.DONE
    return _refused_by(answer, 400, "invalid_grant")


def _assertion(answer: Answer) -> Outcome:
    if answer.status == 200:
        return Outcome.DONE
    return _refused_by(answer, 401, "invalid_client")


def _refused_by(answer: Answer, status: int, error: str) -> Outcome:
    refused = answer.status == status and answer.json().get("error") == error
    return Outcome.REFUSED if refused else Outcome.WRONG


def _claims_or_introspection(answer: Answer) -> Outcome:
    if answer.status == 200:
        return Outcome.DONE if answer.json().get("active", True) else Outcome.REFUSED
    return Outcome.REFUSED if answer.status == 401 else Outcome.WRONG


def _ok(answer: Answer) -> Outcome:
    return Outcome.DONE if answer.status == 200 else Outcome.WRONG


def _page_after_a_form(answer: Answer) -> Outcome:
    if answer.status in (302, 303):
        return Outcome.DONE
    return Outcome.REFUSED if answer.status == 200 else Outcome.WRONG


_JUDGES: dict[Kind, Callable[[Answer], Outcome]] = {
    Kind.SIGN_IN: _page_after_a_form,
    Kind.AUTHORIZE: _redirect_with_code,
    Kind.REDEEM: _tokens,
    Kind.REFRESH: _tokens,
    Kind.READ: _claims_or_introspection,
    Kind.REVOKE: _ok,
    Kind.REVOKE_TOKEN: _ok,
    Kind.SIGN_OUT: _page_after_a_form,
    Kind.ASSERT: _assertion,
}
