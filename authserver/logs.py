"""Structured logs: one line an event, to a person's eye on a terminal, JSON elsewhere.

No value that opens anything may reach a log. Callers log ids and reasons; as a second line of
defence `redact` blanks members whose names say that they are secret.
"""

from __future__ import annotations

import json
import logging
import logging.config
import re
from collections.abc import MutableMapping
from http import HTTPStatus
from typing import Any

import orjson
import structlog

from oidc.request_lines import RequestLines

SECRET_MEMBERS = frozenset(
    {
        "access_token", "assertion", "authorization", "client_assertion", "client_secret", "code",
        "code_verifier", "cookie", "id_token", "password", "refresh_token", "secret", "token",
    }
)  # fmt: skip

_QUERY = re.compile(r"\?[^ ]*")


def redact(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Blank what must not be written. A structlog processor."""
    for member in SECRET_MEMBERS & event.keys():
        event[member] = "[redacted]"
    return event


class Console:
    """Renders an event for a terminal, which obeys nothing in it: a value stays on its line.

    Strangers have words in it, such as a `client_id`.
    """

    def __init__(self) -> None:
        # The default shows the variables of every frame: tokens and passwords among them.
        self._render = structlog.dev.ConsoleRenderer(
            exception_formatter=structlog.dev.plain_traceback
        )

    def __call__(self, logger: Any, name: str, event: MutableMapping[str, Any]) -> str:
        shown = {
            member: _printable(value) if isinstance(value, str) else value
            for member, value in event.items()
        }
        return self._render(logger, name, shown)


class RouteInsteadOfPath(logging.Filter):
    """Django logs the path of a failed request. In a mailed link that has the key in it."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        path = getattr(request, "path", None)
        if path and isinstance(record.args, tuple):
            match = getattr(request, "resolver_match", None)
            page = f"page:{match.url_name}" if match else "page"
            record.args = tuple(page if value == path else value for value in record.args)
        return True


class NoQueryInRequestLine(logging.Filter):
    """Django's development server logs whole request lines. A query may have a secret in it."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name == "django.server" and isinstance(record.args, tuple):
            record.args = tuple(
                _QUERY.sub("", value) if isinstance(value, str) else value for value in record.args
            )
        return True


class OneLineForAnOutage(logging.Filter):
    """Django logs each page that a store has failed, with a traceback.

    The outage has its own line, and each request has one with the reason.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        return getattr(record, "status_code", 0) != HTTPStatus.SERVICE_UNAVAILABLE


class OneLineForAForeignHost(logging.Filter):
    """Django takes a Host header that is not ours for an error of its own, with a traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name == "django.security.DisallowedHost":
            record.levelno, record.levelname = logging.WARNING, "WARNING"
            record.exc_info = record.exc_text = None
        return True


class Formatter(structlog.stdlib.ProcessorFormatter):
    """Formats what structlog logs, what others log, and the many requests of one record."""

    def __init__(self, *args: Any, renderer: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._renderer = renderer

    def format(self, record: logging.LogRecord) -> str:
        if isinstance(record.msg, RequestLines):
            return record.msg.rendered(lambda members: self._renderer(None, "", members))
        return super().format(record)


def logging_configuration(level: str, form: str) -> dict[str, Any]:
    """Configure structlog and the standard library alike.

    `level`: a standard level name. `form`: `console` or `json`.
    Returns the `logging.config` dictionary, applied already.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        redact,
    ]
    on_console = form == "console"
    renderer: Any = Console() if on_console else structlog.processors.JSONRenderer(_as_json)
    final: list[Any] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if not on_console:
        final.append(structlog.processors.format_exc_info)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    configuration: dict[str, Any] = {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structured": {
                "()": Formatter,
                "renderer": renderer,
                "foreign_pre_chain": shared,
                "processors": [*final, renderer],
            }
        },
        "filters": {
            "route_instead_of_path": {"()": RouteInsteadOfPath},
            "no_query_in_request_line": {"()": NoQueryInRequestLine},
            "one_line_for_an_outage": {"()": OneLineForAnOutage},
            "one_line_for_a_foreign_host": {"()": OneLineForAForeignHost},
        },
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": "structured",
                "filters": [
                    "route_instead_of_path",
                    "no_query_in_request_line",
                    "one_line_for_an_outage",
                    "one_line_for_a_foreign_host",
                ],
            }
        },
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # These write whole requests, with their tokens, at DEBUG.
            "authlib": {"level": "WARNING"},
            "urllib3": {"level": "WARNING"},
            "django.db.backends": {"level": "WARNING"},
            # Writes the whole context of a page, a new client's secret among it, at DEBUG.
            "django.template": {"level": "WARNING"},
        },
    }
    logging.config.dictConfig(configuration)
    return configuration


def _printable(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _as_json(value: Any, **options: Any) -> str:
    try:
        return orjson.dumps(value, default=options.get("default")).decode()
    except orjson.JSONEncodeError:  # half of a surrogate pair, say: no line may be lost
        return json.dumps(value, separators=(",", ":"), **options)
