"""Gives one person grants, through the stores as the server does. Runs inside an installation."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from uuid import uuid4

from oidc.conf import configuration
from oidc.stores.buckets import bucket_of
from oidc.stores.records import (
    AuthorizationCode,
    CodePresentation,
    Grant,
    GrantHandle,
    RefreshPresentation,
)
from oidc.stores.redis import codes, grants, sign_ons

PROBES = 200
MONTH, TWO_WEEKS = 30 * 24 * 3600, 14 * 24 * 3600
REDIRECT_URI, CHALLENGE = "https://client.example/cb", secrets.token_urlsafe(32)
SCOPE = ("openid", "profile", "email")


class Person:
    """Somebody with one session, signed in to an app of its own for each grant."""

    def __init__(self) -> None:
        self.user_id, self.sid = str(uuid4()), secrets.token_urlsafe(16)
        self.count = 0
        sign_ons.start(self.user_id, self.sid, TWO_WEEKS)

    def issue(self, client_id: str = "") -> tuple[GrantHandle, str, str]:
        """Store a code, by default of a new client. Returns handle, hash, and the client."""
        self.count += 1
        client_id, code_hash = client_id or f"client-{self.count}", secrets.token_hex(32)
        grant = Grant(
            grant_id=secrets.token_urlsafe(16),
            user_id=self.user_id,
            client_id=client_id,
            scope=SCOPE,
            sid=self.sid,
            offline=False,
            auth_time=int(time.time()),
            acr="urn:gatehouse:acr:password",
            amr=("pwd",),
            expires_at=int(time.time()) + 6 * MONTH,
        )
        handle = GrantHandle(bucket_of(self.user_id), grant.grant_id)
        codes.issue(handle, code_hash, AuthorizationCode(grant, REDIRECT_URI, CHALLENGE, "n"), 60)
        return handle, code_hash, client_id

    def redeem(self, handle: GrantHandle, code_hash: str, client_id: str) -> None:
        codes.redeem(
            handle,
            code_hash,
            CodePresentation(client_id, REDIRECT_URI, CHALLENGE),
            request_id=secrets.token_hex(8),
            grant_lifetime_seconds=MONTH,
        )


def grow(sizes: Sequence[int]) -> dict[int, dict[str, float]]:
    """Return microseconds that each script took in Redis, by the number of grants there were."""
    found = {}
    for size in sizes:
        person = Person()  # a new one each time: probes add grants of their own
        while person.count < size:
            person.redeem(*person.issue())
        found[size] = _probe(person)
    return found


def _probe(person: Person) -> dict[str, float]:
    opened = person.issue()
    person.redeem(*opened)
    handle, _, client_id = opened
    generation = iter(range(PROBES))
    issued: list[tuple[GrantHandle, str, str]] = []
    of_one_client: list[tuple[GrantHandle, str, str]] = []
    for _ in range(configuration().grants_per_person_and_client):
        person.redeem(*person.issue("the same"))
    for _ in range(PROBES):
        of_one_client.append(person.issue("the same"))
    return {
        "rotate": _cost(lambda: _rotate(handle, client_id, next(generation))),
        "find": _cost(lambda: grants.find(handle, "jti")),
        "issue": _cost(lambda: issued.append(person.issue())),
        "redeem": _cost(lambda: person.redeem(*issued.pop())),
        "redeem, one too many": _cost(lambda: person.redeem(*of_one_client.pop())),
        "sign out everywhere": _cost(lambda: sign_ons.end_all(person.user_id), times=1),
        "then a page": _cost(lambda: _sweep(person.user_id), times=1),
    }


def _sweep(user_id: str) -> None:
    for _ in sign_ons.sweep(user_id):
        pass


def _rotate(handle: GrantHandle, client_id: str, generation: int) -> None:
    grants.rotate(
        handle,
        RefreshPresentation(client_id, generation, SCOPE),
        request_id=secrets.token_hex(8),
        rotate=True,
        grace_seconds=10,
        idle_seconds=MONTH,
    )


def _cost(call: Callable[[], object], times: int = PROBES) -> float:
    """Return the microseconds in Redis of one script, of many."""
    before = _scripts()
    for _ in range(times):
        call()
    after = _scripts()
    return (after[1] - before[1]) / (after[0] - before[0])


def _scripts() -> tuple[int, int]:
    """Return how many scripts the one node has run, and how many microseconds they took."""
    from redis import Redis

    node = Redis.from_url(configuration().redis_url, protocol=2)
    stats = node.info("commandstats")
    node.close()
    scripts = [stats.get(f"cmdstat_{name}", {}) for name in ("evalsha", "eval")]
    return sum(s.get("calls", 0) for s in scripts), sum(s.get("usec", 0) for s in scripts)
