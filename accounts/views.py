"""Pages for people that allauth does not have."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe


@require_safe
@never_cache
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Who you are, and the way out."""
    return render(request, "gatehouse/home.html", {"person": request.user})


@require_safe
@never_cache
def signed_out(request: HttpRequest) -> HttpResponse:
    """Where a sign-out ends."""
    return render(request, "gatehouse/signed_out.html")
