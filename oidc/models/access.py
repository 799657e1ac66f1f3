"""Reading SQL where no Django request is around: the protocol door, threads, the worker."""

from __future__ import annotations

import time
from types import TracebackType

from django.db import InterfaceError, OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from oidc.errors import StoreUnavailable

TRUSTED_SECONDS = 1.0
"""A connection that answered is not asked again so soon whether it still does: PostgreSQL would get
two queries for each of ours."""


_TRUSTED_UNTIL = "gatehouse_trusted_until"
"""An attribute of a connection. Not of a thread: the next request of this connection may have
another one (`authserver.places`)."""


class reading:  # noqa: N801  reads as a function where it is used, and is made for each query
    """Do for the reads inside what Django's request cycle does for a view.

    A connection that is broken or past its age is dropped, so that the next one is opened afresh;
    inside a transaction nothing is dropped. Evaluate querysets inside.

    Raises:
        StoreUnavailable: the database did not answer.
    """

    __slots__ = ()

    def __enter__(self) -> None:
        now = time.monotonic()
        for connection in connections.all(initialized_only=True):
            if now > getattr(connection, _TRUSTED_UNTIL, 0.0):
                _drop_if_bad(connection)
                setattr(connection, _TRUSTED_UNTIL, now + TRUSTED_SECONDS)

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        if isinstance(error, OperationalError | InterfaceError):
            for connection in connections.all(initialized_only=True):
                _drop_if_bad(connection)
            raise StoreUnavailable(f"database: {type(error).__name__}") from error


def _drop_if_bad(connection: BaseDatabaseWrapper) -> None:
    # Not `close_old_connections`: that closes what is in the middle of a transaction, too.
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()
