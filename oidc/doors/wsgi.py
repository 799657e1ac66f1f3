"""The protocol door: plain WSGI in front of Django.

No handler, middleware, template or ORM object lies between the socket and an endpoint.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from oidc.doors.endpoint import Endpoint
from oidc.doors.wrapper import READ_HEADERS, Arrival, serve
from oidc.http import Response

WSGIApplication = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

_STATUS_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}
_ENVIRON_NAMES = tuple(("HTTP_" + name.upper().replace("-", "_"), name) for name in READ_HEADERS)


class ProtocolDoor:
    """Serve the endpoints of a table; everything else goes to `pages`."""

    def __init__(self, endpoints: Iterable[Endpoint], pages: WSGIApplication) -> None:
        self._endpoints = {endpoint.path: endpoint for endpoint in endpoints}
        self._pages = pages

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        endpoint, resource = self._find(environ.get("PATH_INFO", ""))
        if endpoint is None:
            return self._pages(environ, start_response)
        return answer(environ, start_response, serve(endpoint, _arrival(environ, resource)))

    def _find(self, path: str) -> tuple[Endpoint | None, str]:
        """Return the endpoint of a path, and the resource below it."""
        parent, slash, resource = path.rpartition("/")
        if not resource:
            return None, ""
        if endpoint := self._endpoints.get(path):
            return endpoint, ""
        return self._endpoints.get(parent + slash), resource


def answer(
    environ: dict[str, Any], start_response: Callable[..., Any], response: Response
) -> list[bytes]:
    """Give a response to the server."""
    headers = [*response.headers, ("Content-Length", str(len(response.body)))]
    start_response(_STATUS_LINES[response.status], headers)
    return [b"" if environ["REQUEST_METHOD"] == "HEAD" else response.body]


def _arrival(environ: dict[str, Any], resource: str) -> Arrival:
    return Arrival(
        method=environ["REQUEST_METHOD"],
        query_string=environ.get("QUERY_STRING", ""),
        content_type=environ.get("CONTENT_TYPE", ""),
        content_length=environ.get("CONTENT_LENGTH", ""),
        read=environ["wsgi.input"].read,
        headers={name: environ[key] for key, name in _ENVIRON_NAMES if key in environ},
        remote_address=environ.get("REMOTE_ADDR", ""),
        resource=resource,
    )
