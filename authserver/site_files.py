"""Files that browsers and robots ask every site for."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.templatetags.static import static
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

ONE_DAY_SECONDS = 24 * 3600
ROBOTS = "User-agent: *\nDisallow: /\n"

_may_be_kept = cache_control(public=True, max_age=ONE_DAY_SECONDS)


@require_safe
@_may_be_kept
def favicon(request: HttpRequest) -> HttpResponse:
    """Send browsers that did not read the page's own link to the same icon."""
    return redirect(static("gatehouse/logo.svg"))


@require_safe
@_may_be_kept
def robots(request: HttpRequest) -> HttpResponse:
    """Ask search engines to stay out: there is nothing here to be found. Spec: RFC 9309."""
    return HttpResponse(ROBOTS, content_type="text/plain; charset=utf-8")
