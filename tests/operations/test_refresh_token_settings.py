"""How long refresh tokens may come again is bounded."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.checks import run_checks


def problems() -> list[str]:
    return [message.msg for message in run_checks() if message.id == "authserver.E002"]


@pytest.mark.parametrize("seconds", [0, 300])
def test_sensible_times_pass(settings: Any, seconds: int) -> None:
    settings.GATEHOUSE = settings.GATEHOUSE | {
        "refresh_token_grace_seconds": seconds,
        "refresh_token_retry_seconds": 12 * seconds,
    }
    assert problems() == []


@pytest.mark.parametrize(
    ("member", "seconds", "name"),
    [
        ("refresh_token_grace_seconds", -1, "GATEHOUSE_REFRESH_TOKEN_GRACE"),
        ("refresh_token_grace_seconds", 301, "GATEHOUSE_REFRESH_TOKEN_GRACE"),
        ("refresh_token_retry_seconds", -1, "GATEHOUSE_REFRESH_TOKEN_RETRY"),
        ("refresh_token_retry_seconds", 3601, "GATEHOUSE_REFRESH_TOKEN_RETRY"),
    ],
)
def test_impossible_or_dangerous_times_are_refused(
    settings: Any, member: str, seconds: int, name: str
) -> None:
    settings.GATEHOUSE = settings.GATEHOUSE | {member: seconds}
    [problem] = problems()
    assert name in problem
