"""Whether an account may be used, and which browser sessions of it count.

Both are asked for at every request of the protocol, and remembered for seconds. That is how long it
takes until a change is seen that went around the server: SQL, `QuerySet.update`, another process.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property
from typing import Any

from django.contrib.auth import HASH_SESSION_KEY
from django.core.signals import setting_changed
from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.utils.crypto import constant_time_compare

from accounts.models import User
from accounts.prepared_query import PreparedQuery
from accounts.short_memory import ShortMemory

REMEMBERED_SECONDS = 5

_ACCOUNT = PreparedQuery(User, where=("id",), columns=("is_active", "password"))


class AccountState:
    """What is known of an account. One that does not exist is not active."""

    def __init__(self, *, is_active: bool, password: str) -> None:
        self.is_active = is_active
        self._password = password

    def accepts(self, members: Mapping[str, object]) -> bool:
        """Tell whether a browser session of this account counts: exactly if Django thinks so.

        The session carries a keyed hash of the password, made under `SECRET_KEY`: another password,
        or another key without a fallback, ends it.
        """
        presented = members.get(HASH_SESSION_KEY)
        if not self.is_active or not isinstance(presented, str):
            return False
        return any(constant_time_compare(presented, each) for each in self._session_hashes)

    def has_password_of(self, user: User) -> bool:
        return constant_time_compare(self._password, user.password)

    @cached_property
    def _session_hashes(self) -> tuple[str, ...]:
        user = User(password=self._password)
        return (user.get_session_auth_hash(), *user.get_session_auth_fallback_hash())


_memory: ShortMemory[AccountState] = ShortMemory()


def find_account_state(user_id: str) -> AccountState:
    """Return the state of an account, at most `REMEMBERED_SECONDS` old. At most one query."""
    return _memory.find(user_id) or read_account_state(user_id)


def remembered_account_state(user_id: str) -> AccountState | None:
    """Return the state of an account if it is in memory. No query."""
    return _memory.find(user_id)


def last_known_account_state(user_id: str) -> AccountState | None:
    """Return what was known of an account, however old: for when the database is away."""
    return _memory.last_known(user_id)


def read_account_state(user_id: str) -> AccountState:
    """Return the state of an account as it is now, and remember it. One query."""
    changes = _memory.changes
    row = _ACCOUNT.find(user_id)
    is_active, password = row or (False, "")
    state = AccountState(is_active=is_active, password=password)
    if row is not None:
        _memory.keep(user_id, state, REMEMBERED_SECONDS, changes=changes)
    return state


def may_still_sign_in(user: User) -> bool:
    """Tell whether this is still an active account with this very password. One query."""
    state = read_account_state(str(user.pk))
    return state.is_active and state.has_password_of(user)


def _forget(*, instance: User, update_fields: Collection[str] | None = None, **_: Any) -> None:
    """Drop somebody who was changed at once, and again once others can read the change."""
    if update_fields is not None and not {"is_active", "password"} & set(update_fields):
        return
    user_id = str(instance.pk)
    _memory.forget(user_id)
    transaction.on_commit(lambda: _memory.forget(user_id))


def _forget_all(*, setting: str, **_: object) -> None:
    """Session hashes depend on the secret keys."""
    if setting in ("SECRET_KEY", "SECRET_KEY_FALLBACKS"):
        _memory.clear()


post_save.connect(_forget, sender=User, dispatch_uid="forget_state_of_saved_person")
post_delete.connect(_forget, sender=User, dispatch_uid="forget_state_of_deleted_person")
setting_changed.connect(_forget_all, dispatch_uid="forget_states_for_other_keys")
