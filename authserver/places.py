"""Places to work at: how many requests are worked on at once, and with which connections to SQL."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from queue import SimpleQueue
from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from oidc.doors.wsgi import WSGIApplication

Place = dict[str, BaseDatabaseWrapper]
"""The connections to SQL that belong to a place, by alias."""


class Places:
    """Let a fixed number of requests be worked on at once, whatever the number of threads.

    The server has many threads, since each may have to wait for the body of a request. All bounds
    on waiting, and the number of connections to SQL, are made for a few. So a connection belongs to
    a place and not to a thread.
    """

    def __init__(self, application: WSGIApplication, number: int) -> None:
        self._application = application
        self._here = _connections_by_place()
        self._free: SimpleQueue[Place] = SimpleQueue()
        for _ in range(number):
            self._free.put({})

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        here = self._here
        if here.place:  # a thread with connections of its own, such as that of a test, keeps them
            return _whole(self._application(environ, start_response))
        place = here.place = self._free.get()
        known = len(place)
        try:
            return _whole(self._application(environ, start_response))
        finally:
            here.place = {}
            if len(place) != known:
                _share(place)
            self._free.put(place)


class _Here(threading.local):
    """Where a thread is: at a place, or at none and with connections of its own."""

    def __init__(self) -> None:
        self.place: Place = {}


class _ByPlace:
    """Keeps Django's connections by place. In the stead of what keeps them by thread."""

    here: _Here

    def __init__(self) -> None:
        self.__dict__["here"] = _Here()

    def __getattr__(self, alias: str) -> BaseDatabaseWrapper:
        try:
            return self.here.place[alias]
        except KeyError:
            raise AttributeError(alias) from None

    def __setattr__(self, alias: str, connection: BaseDatabaseWrapper) -> None:
        self.here.place[alias] = connection

    def __delattr__(self, alias: str) -> None:
        if self.here.place.pop(alias, None) is None:
            raise AttributeError(alias)


def _connections_by_place() -> _Here:
    """Let Django look for connections where a thread is. Those of this thread go on."""
    handler: Any = connections
    if not isinstance(handler._connections, _ByPlace):
        own = {each.alias: each for each in connections.all(initialized_only=True)}
        handler._connections = _ByPlace()
        handler._connections.here.place = own
    here: _Here = handler._connections.here
    return here


def _share(place: Place) -> None:
    """Let threads use its connections one after the other."""
    for connection in place.values():
        if not connection.allow_thread_sharing:
            connection.inc_thread_sharing()


def _whole(parts: Iterable[bytes]) -> list[bytes]:
    """Read an answer to its end. A slow reader of it then keeps no place."""
    if type(parts) is list:
        return parts
    try:
        return list(parts)
    finally:
        if close := getattr(parts, "close", None):
            close()
