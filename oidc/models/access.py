"""Reading SQL where no Django request is around: the protocol door, threads, the worker."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import InterfaceError, OperationalError, connections

from oidc.errors import StoreUnavailable


@contextmanager
def reading() -> Iterator[None]:
    """Do for the reads inside what Django's request cycle does for a view.

    A connection that is broken or past its age is dropped before and after, so that the next one is
    opened afresh; inside a transaction nothing is dropped. Evaluate querysets inside.

    Raises:
        StoreUnavailable: the database did not answer.
    """
    _drop_old_connections()
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        raise StoreUnavailable(f"database: {type(error).__name__}") from error
    finally:
        _drop_old_connections()


def _drop_old_connections() -> None:
    # Not `close_old_connections`: that closes what is in the middle of a transaction, too.
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
