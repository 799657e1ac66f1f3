"""Settings of registration that mean nothing are refused at the start, with what to change."""

from __future__ import annotations

from typing import Any

import pytest

from oidc.registration.checks import check_registration


def problems(settings: Any, **changes: Any) -> list[str]:
    settings.GATEHOUSE = {**settings.GATEHOUSE, **changes}
    return [problem.msg for problem in check_registration()]


@pytest.mark.parametrize(
    ("member", "value", "variable"),
    [
        ("registration", "yes", "GATEHOUSE_REGISTRATION "),
        ("registration_profile", "web", "GATEHOUSE_REGISTRATION_PROFILE "),
        ("registration_unused_days", 0, "GATEHOUSE_REGISTRATION_UNUSED_DAYS "),
        ("registration_scopes", (), "GATEHOUSE_REGISTRATION_SCOPES "),
        ("registration_scopes", ("openid", 'a"b'), "GATEHOUSE_REGISTRATION_SCOPES "),
        ("registration_schemes", ("javascript",), "GATEHOUSE_REGISTRATION_SCHEMES "),
        ("registration_schemes", ("cursor://",), "GATEHOUSE_REGISTRATION_SCHEMES "),
        ("software_statement_issuers", [], "GATEHOUSE_SOFTWARE_STATEMENT_ISSUERS "),
        ("software_statement_issuers", {"a": "b"}, "GATEHOUSE_SOFTWARE_STATEMENT_ISSUERS "),
        ("software_statement_issuers", {"a": {}}, "GATEHOUSE_SOFTWARE_STATEMENT_ISSUERS "),
        (
            "software_statement_issuers",
            {"a": {"jwks": {}, "jwks_uri": "b"}},
            "GATEHOUSE_SOFTWARE_STATEMENT_ISSUERS ",
        ),
    ],
)
def test_what_means_nothing_is_refused(
    settings: Any, member: str, value: Any, variable: str
) -> None:
    [problem] = problems(settings, **{member: value})
    assert problem.startswith(variable)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("registration", "token"),
        ("registration", "open"),
        ("registration_profile", "strict"),
        ("registration_scopes", ("openid", "https://api.example/read")),
        ("registration_schemes", ("cursor", "com.example.app")),
        ("software_statement_issuers", {"a": {"jwks_uri": "https://a.example/jwks"}}),
    ],
)
def test_what_means_something_is_not(settings: Any, member: str, value: Any) -> None:
    assert problems(settings, **{member: value}) == []
