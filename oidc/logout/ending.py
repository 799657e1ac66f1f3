"""Ends sessions of sign-on, and sees to it that their clients are told.

One session: first it is written down who must be told, then it ends, so a client may be told of a
sign-out that then did not happen, but never the other way round. Everything of a person: one write
ends it, however much there is; who must be told is read afterwards, page by page, and a page is
forgotten only after its clients were written down. What is interrupted, the worker goes on with.
Inside a transaction of the caller (a new password, a disabled account) what is written is as
durable as that.
"""

from __future__ import annotations

import time
from datetime import timedelta

import structlog
from django.utils import timezone

from oidc.errors import SessionEnded, StoreUnavailable
from oidc.logout import outbox
from oidc.models import UnfinishedSignOut
from oidc.models.access import reading
from oidc.stores.records import SignOn
from oidc.stores.redis import sign_ons

log = structlog.get_logger(__name__)

SWEEP_SECONDS = 5.0
"""How long one call cleans up at the most, enough for some 100,000 sessions and grants. The caller
may hold a transaction of the database. What is left is as dead, and the worker goes on with it."""

LEASE = timedelta(seconds=30)
"""How long one attempt may take before another one begins. Longer than `SWEEP_SECONDS` and the
deadline of the store."""

MOST_AT_ONCE = 20
"""How many interrupted clean-ups one round of the worker goes on with."""


def end_session(user_id: str, sid: str) -> SignOn | None:
    """End one session. Four round trips and one SQL insert.

    Returns the session as it was, once; None to everybody who comes later.
    """
    try:
        session = sign_ons.find(user_id, sid)
    except SessionEnded:
        return None
    outbox.announce(user_id, [(sid, client_id) for client_id in session.client_ids])
    ended = sign_ons.end(user_id, sid)
    if ended is not None and ended.client_ids != session.client_ids:
        # A client got a code between the two steps.
        outbox.announce(user_id, [(sid, client_id) for client_id in ended.client_ids])
    _sweep(user_id)
    return ended


def end_everything(user_id: str) -> None:
    """End all sessions and grants of a person, with one write. Nothing that follows can undo it.

    Clients with a grant alone are told too: a grant for offline access outlives its session.
    Three round trips and three SQL statements, and one of each more for 200 sessions and grants.

    Raises:
        StoreUnavailable: the cluster did not confirm it. Nobody may count on the end.
    """
    unfinished = _note_unfinished(user_id)
    sign_ons.end_all(user_id)
    if _sweep(user_id) and unfinished is not None:
        _note_finished(unfinished)


def finish_sign_outs() -> int:
    """Go on with clean-ups that were interrupted. Returns how many have come to their end.

    Several workers may do this at once: each takes one by moving its next attempt.
    """
    finished = 0
    due = UnfinishedSignOut.objects.filter(next_attempt_at__lte=timezone.now())
    for unfinished in due[:MOST_AT_ONCE]:
        mine = UnfinishedSignOut.objects.filter(
            pk=unfinished.pk, next_attempt_at=unfinished.next_attempt_at
        )
        if mine.update(next_attempt_at=timezone.now() + LEASE) and _sweep(unfinished.user_id):
            _note_finished(unfinished)
            finished += 1
    return finished


def _note_unfinished(user_id: str) -> UnfinishedSignOut | None:
    """Write down that clients must be told, before it is known which. None: there is no database.

    The end of the sessions does not wait for a database, so then nobody takes over.
    """
    try:
        with reading():
            return UnfinishedSignOut.objects.create(
                user_id=user_id, next_attempt_at=timezone.now() + LEASE
            )
    except StoreUnavailable as error:
        log.warning("clean_up_has_no_record", user_id=user_id, reason=str(error))
        return None


def _note_finished(unfinished: UnfinishedSignOut) -> None:
    try:
        with reading():
            unfinished.delete()
    except StoreUnavailable as error:  # the worker finds nothing left to do
        log.warning("clean_up_keeps_its_record", user_id=unfinished.user_id, reason=str(error))


def _sweep(user_id: str) -> bool:
    """Write down who must be told, and forget what has ended. Returns whether nothing is left.

    A store that fails here stops nobody: what is to be ended has ended.
    """
    until = time.monotonic() + SWEEP_SECONDS
    try:
        for pairs in sign_ons.sweep(user_id):
            outbox.announce(user_id, pairs)
            if time.monotonic() > until:
                log.warning("clean_up_goes_on_later", user_id=user_id, reason="too much")
                return False
    except StoreUnavailable as error:
        log.warning("clean_up_goes_on_later", user_id=user_id, reason=str(error))
        return False
    return True
