"""Requests whose headers the server could not read.

granian hands over an empty text for a header with a byte beyond ASCII. A cookie with such a byte,
which any site of the same domain can set, would so take all cookies away: nobody could sign in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

from authserver.proxies import UNREADABLE_ADDRESS
from authserver.refusals import is_for_machines, protected, refuse
from oidc.doors.wrapper import new_reference
from oidc.doors.wsgi import WSGIApplication, answer
from oidc.errors import PageError
from oidc.form_post_page import POLICY
from oidc.http import Response, redirect
from oidc.languages import speak

CLEAR_COOKIES = "/clear-cookies"
"""Where the form of the page leads. Of no use to anybody whose cookies can be read."""

_ADDRESS = PageError(
    "invalid_request",
    "a header with the address of the client contains characters beyond ASCII",
    title=_("This request was not understood"),
)


class ReadableHeaders:
    """Refuse what cannot be read, where to go on without it would do harm.

    Without the address that a trusted proxy told, the request would count as the proxy's. Without
    its cookies, a browser would be signed out; it is shown how to get rid of the one at fault.
    """

    def __init__(
        self,
        application: WSGIApplication,
        *,
        base_path: str,
        readable_without_cookies: tuple[str, ...],
    ) -> None:
        self._application = application
        self._base_path = base_path
        self._without_cookies = readable_without_cookies

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        if UNREADABLE_ADDRESS in environ:
            return refuse(environ, start_response, _ADDRESS)[0]
        if environ.get("HTTP_COOKIE") != "" or self._needs_no_cookies(environ):
            return self._application(environ, start_response)
        reference = new_reference()
        response = self._cleared(environ) or self._page(environ, reference)
        return answer(environ, start_response, protected(response, reference))

    def _needs_no_cookies(self, environ: dict[str, Any]) -> bool:
        path: str = environ.get("PATH_INFO", "")
        return path.startswith(self._without_cookies) or is_for_machines(environ)

    def _cleared(self, environ: dict[str, Any]) -> Response | None:
        """Return the answer to the form. Spec: Clear Site Data section 3.1."""
        site = environ.get("HTTP_SEC_FETCH_SITE", "same-origin")
        is_form = environ["REQUEST_METHOD"] == "POST" and environ["PATH_INFO"] == CLEAR_COOKIES
        if not is_form or site != "same-origin":
            return None
        return redirect(f"{self._base_path}/", (("Clear-Site-Data", '"cookies"'),))

    def _page(self, environ: dict[str, Any], reference: str) -> Response:
        speak("", environ.get("HTTP_ACCEPT_LANGUAGE", ""))
        context = {"action": f"{self._base_path}{CLEAR_COOKIES}", "reference": reference}
        page = render_to_string("gatehouse/unreadable_cookies.html", context)
        headers = (
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Security-Policy", POLICY),
        )
        return Response(400, page.encode(), headers)
