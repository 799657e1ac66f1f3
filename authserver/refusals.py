"""Answers to requests that reach neither door, as the doors would have answered them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from oidc.doors.cors import ANSWER_HEADERS
from oidc.doors.endpoint import Endpoint
from oidc.doors.headers import security_headers
from oidc.doors.wrapper import new_reference
from oidc.doors.wsgi import answer
from oidc.error_page import error_page
from oidc.errors import ProtocolError
from oidc.http import NO_STORE, Response, error_response
from oidc.languages import speak
from oidc.urls import ENDPOINTS

_FOR_MACHINES = tuple(endpoint for endpoint in ENDPOINTS if not endpoint.for_people)


def is_for_machines(environ: dict[str, Any]) -> bool:
    """Tell whether a request is for an address that apps and APIs ask, rather than people."""
    return _endpoint_for_machines(environ) is not None


def _endpoint_for_machines(environ: dict[str, Any]) -> Endpoint | None:
    path: str = environ.get("PATH_INFO", "")
    return next((each for each in _FOR_MACHINES if path.startswith(each.path)), None)


def refuse(
    environ: dict[str, Any], start_response: Callable[..., Any], error: ProtocolError
) -> tuple[list[bytes], str]:
    """Answer with an error: a page for people, JSON for machines.

    Scripts of other origins may read it wherever they may read what the endpoint itself answers.

    Returns the body, and the reference id of the answer for the log.
    """
    reference = new_reference()
    endpoint = _endpoint_for_machines(environ)
    if endpoint is not None:
        response = error_response(error)
        if endpoint.cors:
            headers = (*response.headers, *ANSWER_HEADERS)
            response = Response(response.status, response.body, headers)
    else:
        speak("", environ.get("HTTP_ACCEPT_LANGUAGE", ""))
        response = error_page(error, reference)
    return answer(environ, start_response, protected(response, reference)), reference


def protected(response: Response, reference: str) -> Response:
    """Add the headers that every answer has."""
    present = {name for name, _ in response.headers}
    added = [pair for pair in (*security_headers(), NO_STORE) if pair[0] not in present]
    headers = (*response.headers, *added, ("X-Request-Id", reference))
    return Response(response.status, response.body, headers)
