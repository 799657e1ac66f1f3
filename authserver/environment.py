"""Reads the environment for `authserver.settings`: a value that has no meaning is named.

The texts name the variable and never repeat its value, in which a password may be.
"""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import ip_network
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

DATABASES = ("django.db.backends.sqlite3", "django.db.backends.postgresql")

_KINDS = {"int": "a whole number", "loads": "JSON"}
"""By the name of what reads them; `loads` is that of `json`."""


class Environment(environ.Env):  # type: ignore[misc]
    """django-environ, with `ImproperlyConfigured` for whatever cannot be read."""

    def get_value(self, var: str, cast: Any = None, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().get_value(var, cast, *args, **kwargs)
        except (ValueError, TypeError, AttributeError) as error:
            kind = _KINDS.get(getattr(cast, "__name__", ""), "as docs/configuration.md says")
            raise ImproperlyConfigured(f"{var} must be {kind}.") from error

    def word(self, var: str, default: str, words: Collection[str]) -> str:
        """Return one of some words, whatever its case."""
        text: str = self.str(var, default=default)
        found = {word.lower(): word for word in words}.get(text.lower())
        if found is None:
            raise ImproperlyConfigured(f"{var} must be one of: {', '.join(words)}.")
        return found

    def networks(self, var: str) -> list[str]:
        """Return a list of addresses and networks."""
        texts: list[str] = self.list(var, default=[])
        try:
            return [str(ip_network(text.strip(), strict=False)) for text in texts]
        except ValueError as error:
            raise ImproperlyConfigured(
                f"{var} must be addresses and networks with commas between them, such as "
                "10.0.0.5,192.168.0.0/16."
            ) from error

    def database(self, var: str, default: str) -> dict[str, Any]:
        """Return Django's settings of the database at a URL."""
        url: str = self.str(var, default=default)
        # Asked first: django-environ warns of an unknown one with the password in the text.
        if self.DB_SCHEMES.get(url.partition("://")[0]) not in DATABASES:
            raise ImproperlyConfigured(_database_problem(var))
        try:
            settings: dict[str, Any] = self.db_url_config(url)
        except (ValueError, KeyError, TypeError) as error:
            raise ImproperlyConfigured(_database_problem(var)) from error
        return settings

    def mail(self, var: str, default: str) -> dict[str, Any]:
        """Return Django's settings of the way that mails go."""
        try:
            settings: dict[str, Any] = self.email_url_config(self.str(var, default=default))
        except (ValueError, KeyError, TypeError, ImproperlyConfigured) as error:
            raise ImproperlyConfigured(
                f"{var} must be a URL such as smtp+tls://user:password@mail.example.com:587."
            ) from error
        return settings


def _database_problem(var: str) -> str:
    return (
        f"{var} must be a URL such as postgres://user:password@host:5432/name or "
        "sqlite:////path/to/file."
    )
