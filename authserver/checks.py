"""Refuses to start with settings that are not safe."""

from __future__ import annotations

from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured

from oidc.conf import configuration
from oidc.stores.redis.transport import transport_problem

LONGEST_GRACE_SECONDS, LONGEST_RETRY_SECONDS = 300, 3600
"""A thief may use a stolen refresh token beside its owner for that long, unseen."""


def check_redis_transport(**_: object) -> list[CheckMessage]:
    """Return what is wrong with the way to the Redis Cluster. A system check."""
    problem = transport_problem()
    return [Error(problem, id="authserver.E001")] if problem else []


def check_refresh_tokens(**_: object) -> list[CheckMessage]:
    """Return what is wrong with how long refresh tokens may come again. A system check."""
    configured, problems = configuration(), []
    for name, seconds, longest in (
        ("GRACE", configured.refresh_token_grace_seconds, LONGEST_GRACE_SECONDS),
        ("RETRY", configured.refresh_token_retry_seconds, LONGEST_RETRY_SECONDS),
    ):
        if not 0 <= seconds <= longest:
            problems.append(f"GATEHOUSE_REFRESH_TOKEN_{name} must be 0 to {longest} seconds.")
    return [Error(problem, id="authserver.E002") for problem in problems]


def require_safe_transport() -> None:
    """Stop a server that system checks have not stopped.

    Raises:
        ImproperlyConfigured: as the check says.
    """
    problem = transport_problem()
    if problem:
        raise ImproperlyConfigured(problem)
