"""The other door: the same endpoints as Django views.

For `runserver`, Django's test client, and for embedding into a site of one's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.views.decorators.csrf import csrf_exempt

from oidc.doors.endpoint import Endpoint
from oidc.doors.wrapper import READ_HEADERS, Arrival, serve
from oidc.http import Response


def urlpatterns(endpoints: Iterable[Endpoint]) -> list[URLPattern]:
    """Return a URL pattern for each endpoint of a table."""
    return [path(_pattern(endpoint), _view(endpoint), name=endpoint.name) for endpoint in endpoints]


def _pattern(endpoint: Endpoint) -> str:
    segment = "<str:resource>" if endpoint.path.endswith("/") else ""
    return endpoint.path.removeprefix("/") + segment


def to_django(response: Response) -> HttpResponse:
    """Turn an endpoint's response into Django's."""
    answer = HttpResponse(response.body, status=response.status)
    del answer["Content-Type"]
    cookies = [value for name, value in response.headers if name == "Set-Cookie"]
    for name, value in response.headers:
        if name != "Set-Cookie":
            answer[name] = value
    for value in cookies:
        answer.cookies.load(value)
    return answer


def _view(endpoint: Endpoint) -> Callable[[HttpRequest], HttpResponse]:
    @csrf_exempt
    def view(request: HttpRequest, resource: str = "") -> HttpResponse:
        arrival = Arrival(
            method=request.method or "",
            query_string=request.META.get("QUERY_STRING", ""),
            content_type=request.META.get("CONTENT_TYPE", ""),
            content_length=str(request.META.get("CONTENT_LENGTH", "")),
            read=request.read,
            headers={
                name: request.headers[name] for name in READ_HEADERS if name in request.headers
            },
            remote_address=request.META.get("REMOTE_ADDR", ""),
            resource=resource,
        )
        answer = to_django(serve(endpoint, arrival))
        answer.xframe_options_exempt = endpoint.frameable
        if request.method == "HEAD":
            answer.content = b""
        return answer

    return view
