"""Asks whether an account may be used, for the protocol door and the pages behind it.

A database that does not answer is no "no": the state that was known last counts, and for an account
that this process has not met, what the cluster knows decides, as it does for everything else.
"""

from __future__ import annotations

from collections.abc import Mapping

from accounts.account_state import (
    AccountState,
    find_account_state,
    last_known_account_state,
    remembered_account_state,
)
from accounts.authentication import AuthenticationContext, signed_in_for_apps
from oidc.errors import StoreUnavailable
from oidc.models.access import reading


def is_disabled(user_id: str) -> bool:
    """Tell whether an account is known to be gone or disabled. At most one SQL query."""
    state = _state(user_id)
    return state is not None and not state.is_active


def signed_in_with_account(members: Mapping[str, object]) -> AuthenticationContext | None:
    """Tell who is signed in to apps with a browser session, if Django's pages would say so too.

    At most one SQL query, none for a session in which nobody is signed in.
    """
    context = signed_in_for_apps(members)
    if context is None:
        return None
    state = _state(context.user_id)
    return context if state is None or state.accepts(members) else None


def _state(user_id: str) -> AccountState | None:
    """Return the state of an account, None if nothing is known of it."""
    remembered = remembered_account_state(user_id)
    if remembered is not None:
        return remembered
    try:
        with reading():
            return find_account_state(user_id)
    except StoreUnavailable:
        return last_known_account_state(user_id)
