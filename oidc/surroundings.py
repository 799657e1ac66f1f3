"""Says in one sentence what is wrong around the program: a setting, a store, a file.

Commands, `doctor` and the local run share it. What it does not know is a defect, and stays a
traceback.
"""

from __future__ import annotations

from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, Error, InterfaceError, OperationalError, ProgrammingError

from oidc.errors import BadSetting, StoreUnavailable

EXPLAINED = (ImproperlyConfigured, BadSetting, StoreUnavailable, Error, OSError)
"""The families of which `explain` may know some."""

MIGRATE = "The database lacks a table or column: run `python manage.py migrate`."

_SQLITE_LACKS = ("no such table", "no such column", "has no column named")
_POSTGRESQL_LACKS = ("42P01", "42703")
"""PostgreSQL's codes `undefined_table` and `undefined_column` (its manual, appendix A)."""


def explain(error: BaseException) -> str | None:
    """Return one sentence for an operator, without a secret; None if the error is a defect."""
    if isinstance(error, ImproperlyConfigured | BadSetting):
        return _sentence(str(error))
    if isinstance(error, StoreUnavailable):
        if isinstance(error.__cause__, Error):
            return explain(error.__cause__)
        return f"The Redis Cluster cannot serve ({error}): check REDIS_URL and the nodes."
    if isinstance(error, Error):
        return _explain_database(error)
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        return _sentence(f"{place}{error.strerror or error}")
    return None


def _explain_database(error: Error) -> str | None:
    text = _first_line(str(error))
    code = getattr(error.__cause__, "sqlstate", None)
    if code in _POSTGRESQL_LACKS or any(lack in text for lack in _SQLITE_LACKS):
        return MIGRATE
    # psycopg says ProgrammingError, without a code, of connection options that do not exist.
    unusable = isinstance(error, ProgrammingError) and code is None and error.__cause__ is not None
    if unusable or isinstance(error, OperationalError | InterfaceError):
        return f"The database does not answer ({text}): check DATABASE_URL, and whether it runs."
    if type(error) is DatabaseError:  # SQLite: a damaged file, or one of another kind
        return f"The database cannot be used ({text}): check DATABASE_URL."
    return None


def _first_line(text: str) -> str:
    return next(iter(text.strip().splitlines()), "no reason given").rstrip(".")


def _sentence(text: str) -> str:
    text = " ".join(text.split())
    return text if text.endswith((".", "!", "?")) else f"{text}."
