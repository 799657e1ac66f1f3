"""The two ways into the server, for tests: the bare WSGI application, and Django's own handling.

Both take raw bytes and give an `Answer`, so that a test can send what no client library would.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client as DjangoClient
from django.test.client import ClientHandler

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Answer:
    """A response. Header names are as sent; look them up by `header`."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str:
        return next((v for n, v in self.headers if n.lower() == name.lower()), "")

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def location(self) -> str:
        return self.header("Location")

    @cached_property
    def redirect_members(self) -> dict[str, str]:
        """The parameters that a redirect gives to the client, from query or fragment."""
        parts = urlsplit(self.location)
        return dict(parse_qsl(parts.fragment or parts.query, keep_blank_values=True))


Send = Callable[[str, str, str, bytes, dict[str, str]], Answer]
"""method, path, query string, body, headers."""


def send_to_wsgi(
    method: str, path: str, query: str, body: bytes, headers: dict[str, str]
) -> Answer:
    """Call the entry point of production."""
    from authserver.wsgi import application

    return call(application)(method, path, query, body, headers)


def call(application: Callable[..., Any]) -> Send:
    """Return a way to call a WSGI application, such as one that a test has built."""

    def send(method: str, path: str, query: str, body: bytes, headers: dict[str, str]) -> Answer:
        environ = _environ(method, path, query, body, headers)
        started: list[Any] = []
        with _kept_connections():
            parts = application(environ, lambda status, head, *_: started.extend((status, head)))
            answer = b"".join(parts)
            getattr(parts, "close", lambda: None)()
        return Answer(int(started[0].split()[0]), list(started[1]), answer)

    return send


@contextmanager
def _kept_connections() -> Iterator[None]:
    """Keep Django's pages from closing a connection to PostgreSQL amid the test's transaction."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in signals:
            signal.connect(close_old_connections)


def send_to_django(
    method: str, path: str, query: str, body: bytes, headers: dict[str, str]
) -> Answer:
    """Go through Django's handler, middleware and URL configuration."""
    environ = _environ(method, path, query, body, headers)
    extra = {
        name: value
        for name, value in environ.items()
        if name.startswith("HTTP_") or name in ("QUERY_STRING", "REMOTE_ADDR", "CONTENT_LENGTH")
    }
    client = DjangoClient(raise_request_exception=False)
    client.handler = _django_handler()
    response = client.generic(method, path, body, environ["CONTENT_TYPE"], **extra)
    cookies = [("Set-Cookie", morsel.OutputString()) for morsel in response.cookies.values()]
    return Answer(response.status_code, [*response.headers.items(), *cookies], response.content)


@lru_cache(maxsize=1)
def _django_handler() -> ClientHandler:
    """Return the one handler: making it means to read every static file, which takes a while."""
    return ClientHandler(enforce_csrf_checks=False)


def _environ(
    method: str, path: str, query: str, body: bytes, headers: dict[str, str]
) -> dict[str, Any]:
    values = {name.lower(): value for name, value in headers.items()}
    return {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path.encode().decode("latin-1"),  # as WSGI has it (PEP 3333)
        "QUERY_STRING": query,
        "CONTENT_TYPE": values.pop("content-type", ""),
        "CONTENT_LENGTH": values.pop("content-length", str(len(body))),
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "localhost:8000",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        **{"HTTP_" + name.upper().replace("-", "_"): value for name, value in values.items()},
    }


@dataclass
class Browser:
    """Keeps cookies, and follows redirects within our own site only."""

    send: Send
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, url: str, **parameters: str) -> Answer:
        parts = urlsplit(url)
        return self.request("GET", parts.path, parts.query or urlencode(parameters))

    def post(self, url: str, fields: dict[str, str]) -> Answer:
        parts = urlsplit(url)
        body = urlencode(fields).encode()
        return self.request("POST", parts.path, parts.query, body, {"Content-Type": FORM})

    def request(
        self,
        method: str,
        path: str,
        query: str = "",
        body: bytes = b"",
        headers: dict[str, str] | None = None,
    ) -> Answer:
        own = dict(headers or {})
        if self.cookies:
            own["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = self.send(method, path, query, body, own)
        for name, value in answer.headers:
            if name.lower() == "set-cookie":
                self._keep(value)
        return answer

    def follow(self, answer: Answer, *, limit: int = 8) -> Answer:
        """Follow redirects until a page, or until one leaves our site."""
        for _ in range(limit):
            if not answer.location.startswith("/"):
                return answer
            answer = self.get(answer.location)
        raise AssertionError("too many redirects")

    def _keep(self, set_cookie: str) -> None:
        for name, morsel in SimpleCookie(set_cookie).items():
            if morsel["max-age"] == "0" or morsel.value == "":
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = morsel.value
