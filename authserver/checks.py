"""Refuses to start with settings that are not safe."""

from __future__ import annotations

from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured

from oidc.stores.redis.transport import transport_problem


def check_redis_transport(**_: object) -> list[CheckMessage]:
    """Return what is wrong with the way to the Redis Cluster. A system check."""
    problem = transport_problem()
    return [Error(problem, id="authserver.E001")] if problem else []


def require_safe_transport() -> None:
    """Stop a server that system checks have not stopped.

    Raises:
        ImproperlyConfigured: as the check says.
    """
    problem = transport_problem()
    if problem:
        raise ImproperlyConfigured(problem)
