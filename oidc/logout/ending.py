"""Ends sessions of sign-on, and sees to it that their clients are told.

One session: first it is written down who must be told, then it ends, so a client may be told of a
sign-out that then did not happen, but never the other way round. Everything of a person: one write
ends it, however much there is; who must be told is read afterwards, page by page, and a page is
forgotten only after its clients were written down. Inside a transaction of the caller (a new
password, a disabled account) what is written is as durable as that.
"""

from __future__ import annotations

import time

import structlog

from oidc.errors import SessionEnded, StoreUnavailable
from oidc.logout import outbox
from oidc.stores.records import SignOn
from oidc.stores.redis import sign_ons

log = structlog.get_logger(__name__)

SWEEP_SECONDS = 5.0
"""How long one call cleans up at the most, enough for some 100,000 sessions and grants. The caller
may hold a transaction of the database. What is left is as dead, and leaves the index next time."""


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
    Three round trips and one SQL insert, and one of each more for 200 sessions and grants.
    """
    sign_ons.end_all(user_id)
    _sweep(user_id)


def _sweep(user_id: str) -> None:
    """Write down who must be told, and forget what has ended.

    A store that fails here stops nobody: what is to be ended has ended. The rest stays in the
    index, and the next call goes on with it.
    """
    until = time.monotonic() + SWEEP_SECONDS
    try:
        for pairs in sign_ons.sweep(user_id):
            outbox.announce(user_id, pairs)
            if time.monotonic() > until:
                log.warning("clean_up_goes_on_later", user_id=user_id, reason="too much")
                return
    except StoreUnavailable as error:
        log.warning("clean_up_goes_on_later", user_id=user_id, reason=str(error))
