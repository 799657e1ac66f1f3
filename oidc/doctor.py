"""Looks at an installation and says in plain words what is wrong with it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import requests
from django.conf import settings
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor

from accounts.split_url import split_url
from oidc.conf import configuration
from oidc.errors import StoreUnavailable
from oidc.keys.algorithms import KEY_ALGORITHMS
from oidc.keys.derived import SHORTEST_SECRET_KEY
from oidc.keys.reencryption import unreadable_rows
from oidc.models import SigningKey
from oidc.stores.redis.status import check_cluster, clock_difference_seconds, replicas_missing
from oidc.stores.redis.transport import transport_problem
from oidc.surroundings import EXPLAINED, explain

MOST_SKEW_SECONDS = 2.0
REACH_SECONDS = 5
STATEMENT_MILLISECONDS = 5000


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `problem` is empty if it is well."""

    subject: str
    problem: str = ""


def examine() -> list[Finding]:
    """Look at everything. Changes nothing."""
    return [Finding(subject, _problem_found_by(look)) for subject, look in LOOKS]


def _problem_found_by(look: Callable[[], str]) -> str:
    """Look at one thing. That another one is away must not keep it from being looked at."""
    try:
        return look()
    except EXPLAINED as error:
        problem = explain(error)
        if problem is None:
            raise
        return problem


def _configuration() -> str:
    if len(settings.SECRET_KEY) < SHORTEST_SECRET_KEY:
        return f"SECRET_KEY has fewer than {SHORTEST_SECRET_KEY} characters: generate a longer one."
    on_loopback = split_url(configuration().issuer).scheme == "http"
    if settings.DEBUG and not on_loopback:
        return "DEBUG is on. It shows internals to strangers: switch it off."
    return ""


def _database() -> str:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = %s", [STATEMENT_MILLISECONDS])
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        return f"{len(missing)} migrations are missing: run `python manage.py migrate`."
    return ""


def _cluster() -> str:
    insecure = transport_problem()
    if insecure:
        return insecure
    check_cluster()
    missing = replicas_missing()
    if missing:
        return (
            f"Without a replica: {', '.join(missing)}. Writes there wait for REDIS_WAIT_REPLICAS "
            "and fail until a replica is back."
        )
    return ""


def _clock() -> str:
    try:
        difference = clock_difference_seconds()
    except StoreUnavailable:
        return "The Redis Cluster does not answer, so the clocks were not compared."
    if difference > MOST_SKEW_SECONDS:
        return f"This machine's clock and a Redis node's differ by {difference:.1f} s: use NTP."
    return ""


def _keys() -> str:
    try:
        signing = list(SigningKey.objects.filter(status=SigningKey.Status.SIGNING))
    except Error as error:
        return f"The keys were not read. {explain(error) or error}"
    missing = set(KEY_ALGORITHMS) - {key.algorithm for key in signing}
    if missing:
        return f"No key for {', '.join(sorted(missing))}: run `manage.py migrate`."
    return _encryption()


def _encryption() -> str:
    closed = unreadable_rows()
    if not closed:
        return ""
    return (
        f"Encrypted under another SECRET_KEY: {', '.join(closed)}. Put the old one into "
        "SECRET_KEY_FALLBACKS."
    )


def _reachability() -> str:
    url = configuration().issuer + "/.well-known/openid-configuration"
    started = time.monotonic()
    try:
        answer = requests.get(url, timeout=REACH_SECONDS, allow_redirects=False)
        issuer = answer.json().get("issuer")
    except (requests.RequestException, ValueError, AttributeError) as error:
        return f"{url} does not answer ({type(error).__name__}): is the server running there?"
    if answer.status_code != 200 or issuer != configuration().issuer:
        return f"{url} answers {answer.status_code} as {issuer!r}: another server, or a proxy."
    elapsed = time.monotonic() - started
    return f"{url} took {elapsed:.1f} s to answer." if elapsed > 1 else ""


LOOKS: tuple[tuple[str, Callable[[], str]], ...] = (
    ("configuration", _configuration),
    ("database", _database),
    ("redis cluster", _cluster),
    ("clock", _clock),
    ("signing keys", _keys),
    ("reachability", _reachability),
)
