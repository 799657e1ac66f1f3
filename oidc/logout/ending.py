"""Ends sessions of sign-on. First it is written down who must be told, then the session ends.

Whatever fails in between, nobody is forgotten: a client may be told of a sign-out that then did
not happen, but never the other way round. Inside a transaction of the caller (a new password, a
disabled account) what is written is as durable as that: it comes with the change, or not at all.
"""

from __future__ import annotations

from oidc.errors import SessionEnded
from oidc.logout import outbox
from oidc.stores.records import SignOn
from oidc.stores.redis import grants, sign_ons


def end_session(user_id: str, sid: str) -> SignOn | None:
    """End one session. Two round trips and one SQL insert.

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
    return ended


def end_everything(user_id: str) -> None:
    """End all sessions and grants of a person. Three round trips and one SQL insert.

    Clients with a grant alone are told too: a grant for offline access outlives its session.
    """
    sessions, families = sign_ons.list_for_user(user_id), grants.list_for_user(user_id)
    told = [(session.sid, client) for session in sessions for client in session.client_ids]
    told += [(grant.sid, grant.client_id) for grant in families]
    outbox.announce(user_id, told)
    sign_ons.end_all(user_id)
