"""What accounts tells the rest of the house."""

from __future__ import annotations

from functools import partial

from django.db import transaction
from django.dispatch import Signal

signed_out_everywhere = Signal()
"""Every session and every grant of a person must end now. Sent with `user_id` (str)."""


def sign_out_everywhere(user_id: str) -> None:
    """Announce that all sessions and grants of a person end.

    A receiver that fails stops the caller, whose transaction then changes nothing. It is announced
    once more after the commit, for whoever signed in between the two.
    """
    _announce(user_id)
    if transaction.get_connection().in_atomic_block:
        transaction.on_commit(partial(_announce, user_id))


def _announce(user_id: str) -> None:
    signed_out_everywhere.send(sender=None, user_id=user_id)
