"""A cluster on another machine is spoken to by TLS, or not at all."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured

from authserver.checks import require_safe_transport
from oidc import doctor


def found(settings: Any, url: str, **changes: Any) -> list[str]:
    settings.GATEHOUSE = {**settings.GATEHOUSE, "redis_url": url, **changes}
    return [str(each.msg) for each in run_checks() if each.id == "authserver.E001"]


@pytest.mark.parametrize(
    "url",
    [
        "redis://127.0.0.1:7400",
        "redis://localhost",
        "redis://[::1]:7400",
        "redis://127.0.0.5,redis://127.0.0.6",
        "rediss://user:password@redis.example",
        "rediss://redis-1.example,redis-2.example",
    ],
)
def test_safe_ways(settings: Any, url: str) -> None:
    assert found(settings, url) == []
    require_safe_transport()


@pytest.mark.parametrize(
    "url",
    [
        "redis://user:the-password@redis.example",
        "redis://10.0.0.1:6379",
        "redis://127.0.0.1,redis.example",
        "redis://localhost.example",
    ],
)
def test_unsafe_ways_are_refused_by_check_server_and_doctor(settings: Any, url: str) -> None:
    (problem,) = found(settings, url)
    assert "GATEHOUSE_REDIS_PLAINTEXT" in problem
    assert "the-password" not in problem
    with pytest.raises(ImproperlyConfigured, match="without encryption"):
        require_safe_transport()
    assert problem in [look() for subject, look in doctor.LOOKS if subject == "redis cluster"]


def test_the_operator_may_allow_it(settings: Any) -> None:
    assert found(settings, "redis://redis.example", redis_plaintext_allowed=True) == []
    require_safe_transport()
