"""What happens around every protocol endpoint, once, for both doors.

Reference id, limits, strict parsing, errors, security headers, one event.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from django.db import InterfaceError, OperationalError

from oidc import events
from oidc.conf import configuration
from oidc.doors.body import FORM, JSON, read_json, read_text
from oidc.doors.cors import preflight_headers
from oidc.doors.endpoint import Endpoint
from oidc.doors.headers import added_headers
from oidc.doors.query import refuse_known_names
from oidc.error_page import error_page
from oidc.errors import RETRY_SHORTLY, PageError, ProtocolError, StoreUnavailable, WayOn
from oidc.event import Event
from oidc.http import (
    NO_PARAMETERS,
    Parameters,
    Request,
    Response,
    error_response,
    parse_parameters,
)
from oidc.languages import speak

MAX_QUERY_BYTES = 16 * 1024
WITH_BODY = ("POST", "PUT")
READ_HEADERS = (
    "authorization",
    "cookie",
    "origin",
    "accept",
    "accept-language",
    "if-none-match",
    "user-agent",
    "access-control-request-headers",
)
"""The request headers that endpoints may read; doors pass on no others."""

_NO_BODY: tuple[Parameters, dict[str, Any]] = (NO_PARAMETERS, {})
_REFERENCE_ALPHABET = b"23456789ABCDEFGHJKLMNPQRSTVWXYZ"
_REFERENCE_LENGTH = 12
_TO_REFERENCE = (_REFERENCE_ALPHABET * 9)[:256]  # the first eight come a little more often


class Arrival(NamedTuple):
    """A request as a door received it. `read` returns at most that many bytes of the body."""

    method: str
    query_string: str
    content_type: str
    content_length: str
    read: Callable[[int], bytes]
    headers: Mapping[str, str]
    remote_address: str
    resource: str = ""


def new_reference() -> str:
    """Return a reference id that people can read out: twelve of 31 characters. Not a secret."""
    drawn = random.getrandbits(8 * _REFERENCE_LENGTH).to_bytes(_REFERENCE_LENGTH)
    return drawn.translate(_TO_REFERENCE).decode()


def serve(endpoint: Endpoint, arrival: Arrival) -> Response:
    """Answer one request: never raises, always leaves one event."""
    started = time.perf_counter()
    reference = new_reference()
    notes: dict[str, Any] = {}
    response, error = _answer(endpoint, arrival, reference, notes)
    events.emit(
        Event(
            reference=reference,
            endpoint=endpoint.name,
            method=arrival.method,
            status=response.status,
            duration_ms=round((time.perf_counter() - started) * 1000, 2),
            client_id=notes.get("client_id", ""),
            user_id=notes.get("user_id", ""),
            error=error.error if error else notes.get("error", ""),
            detail=error.detail if error else notes.get("detail", ""),
            at=time.time(),
        )
    )
    added = added_headers(endpoint, tuple([name for name, _ in response.headers]))
    headers = (*response.headers, *added, ("X-Request-Id", reference))
    return Response(response.status, response.body, headers)


def _answer(
    endpoint: Endpoint, arrival: Arrival, reference: str, notes: dict[str, Any]
) -> tuple[Response, ProtocolError | None]:
    if arrival.method == "OPTIONS" and endpoint.cors:
        requested = arrival.headers.get("access-control-request-headers", "")
        return Response(204, b"", preflight_headers(endpoint.methods, requested)), None
    request: Request | None = None
    try:
        request = _read(endpoint, arrival, reference, notes)
        return endpoint.function(request), None
    except ProtocolError as error:
        failure = error
    except StoreUnavailable as error:
        failure = _unavailable(f"store: {error}")
    except (OperationalError, InterfaceError) as error:
        failure = _unavailable(f"database: {type(error).__name__}")
    except Exception as error:  # the outermost place: a defect must still leave a reference
        events.report_defect(reference, endpoint.name, error)
        failure = ProtocolError(
            "server_error", "the server failed; its log has the reason", status=500
        )
    if endpoint.for_people or isinstance(failure, PageError):
        _speak(arrival, request)
        return error_page(failure, reference, ways=_again(endpoint, arrival, failure)), failure
    return error_response(failure), failure


def _again(endpoint: Endpoint, arrival: Arrival, failure: ProtocolError) -> tuple[WayOn, ...]:
    """Return the link that asks once more, for a failure that may pass. A form cannot be a link."""
    if arrival.method != "GET" or failure.status_code not in (429, 500, 503):
        return ()
    query = f"?{arrival.query_string}" if arrival.query_string else ""
    return (WayOn(f"{configuration().base_path}{endpoint.path}{query}"),)


def _speak(arrival: Arrival, request: Request | None) -> None:
    """Speak the person's language, on an error page."""
    asked = request.ui_locales if request else ""
    speak(asked, arrival.headers.get("accept-language", ""))


def _read(endpoint: Endpoint, arrival: Arrival, reference: str, notes: dict[str, Any]) -> Request:
    """Parse query and body into a request.

    Raises:
        ProtocolError: 405, 413, 414, 415, or `invalid_request`.
    """
    if arrival.method not in endpoint.methods:
        raise ProtocolError(
            "invalid_request",
            "this method is not allowed here",
            status=405,
            headers=(("Allow", ", ".join(endpoint.methods)),),
        )
    if len(arrival.query_string) > MAX_QUERY_BYTES:
        raise ProtocolError("invalid_request", "the query is too long", status=414)
    if not arrival.query_string.isascii():
        raise ProtocolError("invalid_request", "the query is not percent-encoded")
    query = parse_parameters(arrival.query_string)
    form, members = _NO_BODY
    method = "GET" if arrival.method == "HEAD" else arrival.method
    if query and method != "GET":
        refuse_known_names(query, endpoint.only_in_body)
    if method in WITH_BODY:
        form, members = _read_body(endpoint, arrival)
    if form.repeated and not endpoint.for_people:
        raise ProtocolError("invalid_request", "a parameter is repeated")
    return Request(
        method=method,
        path=endpoint.path,
        query=query,
        form=form,
        headers=arrival.headers,
        remote_address=arrival.remote_address,
        request_id=reference,
        notes=notes,
        json=members,
        resource=arrival.resource,
    )


def _read_body(endpoint: Endpoint, arrival: Arrival) -> tuple[Parameters, dict[str, Any]]:
    """Return the parameters of a form, or the members of a JSON object."""
    expected_type = JSON if endpoint.json else FORM
    text = read_text(arrival.read, arrival.content_length, arrival.content_type, expected_type)
    if endpoint.json:
        return NO_PARAMETERS, read_json(text)
    return parse_parameters(text), {}


def _unavailable(detail: str) -> ProtocolError:
    return ProtocolError(
        "temporarily_unavailable",
        "the server cannot reach its store; please try again shortly",
        status=503,
        detail=detail,
        headers=RETRY_SHORTLY,
    )
