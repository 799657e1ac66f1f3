"""Which people somebody of the staff may act upon. The one rule of the admin, for every page."""

from __future__ import annotations

from django.http import HttpRequest

from accounts.models import User


def is_superuser(request: HttpRequest) -> bool:
    """Tell whether a superuser asks."""
    return bool(getattr(request.user, "is_superuser", False))


def may_act_upon(request: HttpRequest, person: User | None) -> bool:
    """Tell whether the asking staff may act upon a person, None standing for people in general.

    Only superusers act upon somebody who may use the admin: whoever could change, delete or sign
    out a superuser would have that superuser's account, or keep its owner out of it.
    """
    return is_superuser(request) or person is None or not (person.is_staff or person.is_superuser)
