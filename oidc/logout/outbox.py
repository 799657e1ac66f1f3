"""The outbox of back-channel logout: who must still be told, and who tells them.

Several workers share it. One takes a notification by moving its next attempt, on the condition
that nobody else has moved it; if that worker dies, the moment comes and another one takes it. So
nothing is lost, and now and then something is told twice.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta

from django.db.models import F, QuerySet
from django.utils import timezone

from oidc.clients.repository import find_client
from oidc.models import LogoutNotification
from oidc.models.access import reading
from oidc.models.pages import delete_in_pages

LEASE = timedelta(seconds=15)
"""How long an attempt may take. Longer than any delivery waits for an answer."""

MOST_PER_CLIENT = 4
"""A client that does not answer must not keep the others waiting."""

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 3600.0
GIVE_UP_AFTER = timedelta(days=1)
KEPT_FOR = timedelta(days=30)

_PENDING = LogoutNotification.Status.PENDING


def announce(user_id: str, sessions_and_clients: Iterable[tuple[str, str]]) -> None:
    """Write down that clients must be told of the end of sessions: pairs of `sid` and client.

    Clients that registered no `backchannel_logout_uri` are left out. A pair that is there already
    stays as it is.
    """
    pairs = dict.fromkeys(sessions_and_clients)
    with reading():
        told = {name for name in {client_id for _, client_id in pairs} if _wants_to_be_told(name)}
        rows = [
            LogoutNotification(user_id=user_id, sid=sid, client_id=client_id)
            for sid, client_id in pairs
            if client_id in told
        ]
        if rows:
            LogoutNotification.objects.bulk_create(rows, ignore_conflicts=True)


def _wants_to_be_told(client_id: str) -> bool:
    client = find_client(client_id)
    return client is not None and bool(client.backchannel_logout_uri)


def take(most: int, under_way: Counter[str]) -> list[LogoutNotification]:
    """Take notifications that are due, oldest first, for one attempt each.

    `under_way`: how many attempts this worker has begun already, by client.
    """
    counts = Counter(under_way)
    due = LogoutNotification.objects.filter(
        status=_PENDING, next_attempt_at__lte=timezone.now()
    ).exclude(client_id__in=[name for name, count in counts.items() if count >= MOST_PER_CLIENT])
    taken = []
    for notification in due.order_by("next_attempt_at")[:most]:
        if counts[notification.client_id] < MOST_PER_CLIENT and _take(notification):
            counts[notification.client_id] += 1
            taken.append(notification)
    return taken


def _take(notification: LogoutNotification) -> bool:
    """Take one, unless another worker was faster."""
    seen, now = notification.next_attempt_at, timezone.now()
    mine = LogoutNotification.objects.filter(
        pk=notification.pk, status=_PENDING, next_attempt_at=seen
    ).update(next_attempt_at=now + LEASE, last_attempt_at=now, attempts=F("attempts") + 1)
    notification.next_attempt_at = now + LEASE
    notification.attempts += 1
    return mine == 1


def record_delivery(notification: LogoutNotification, outcome: str) -> None:
    """Note that the client knows."""
    LogoutNotification.objects.filter(pk=notification.pk).update(
        status=LogoutNotification.Status.DELIVERED, outcome=outcome
    )


def record_failure(notification: LogoutNotification, outcome: str) -> None:
    """Note an attempt that failed, and when the next one is. After a day there is none."""
    next_attempt_at = timezone.now() + pause_after(notification.attempts)
    is_over = next_attempt_at > notification.created_at + GIVE_UP_AFTER
    _still_mine(notification).update(
        status=LogoutNotification.Status.GIVEN_UP if is_over else _PENDING,
        next_attempt_at=next_attempt_at,
        outcome=outcome[:200],
    )


def record_cancellation(notification: LogoutNotification, outcome: str) -> None:
    """Note that there is nobody to be told any more."""
    _still_mine(notification).update(status=LogoutNotification.Status.CANCELLED, outcome=outcome)


def try_again(ids: Iterable[int]) -> int:
    """Let notifications that wait or were given up be due now. Returns how many there were."""
    given_up = LogoutNotification.Status.GIVEN_UP
    waiting = LogoutNotification.objects.filter(pk__in=list(ids), status__in=(_PENDING, given_up))
    return waiting.update(status=_PENDING, next_attempt_at=timezone.now())


def pause_after(attempts: int) -> timedelta:
    """Return how long to wait: twice as long each time, with jitter, an hour at the most."""
    longest = min(FIRST_PAUSE_SECONDS * 2.0 ** min(attempts - 1, 30), LONGEST_PAUSE_SECONDS)
    return timedelta(seconds=longest * random.uniform(0.5, 1.0))  # noqa: S311  no secret


def forget_old_notifications() -> int:
    """Delete what is older than 30 days. Returns how many rows went."""
    old = LogoutNotification.objects.filter(created_at__lt=timezone.now() - KEPT_FOR)
    return delete_in_pages(old.order_by("created_at"))


def _still_mine(notification: LogoutNotification) -> QuerySet[LogoutNotification]:
    """Select the row unless the attempt took so long that another worker has begun one."""
    return LogoutNotification.objects.filter(
        pk=notification.pk, status=_PENDING, next_attempt_at=notification.next_attempt_at
    )
