"""redirect_uri: exactly one of the client's own, and left out only where there is but one.

Spec: RFC 9700 section 2.1; RFC 6749 section 3.1.2.3.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from oidc.clients.way_in import way_into
from oidc.errors import Fact, PageError, page_error_of
from oidc.requests.authorization_request import Draft
from oidc.requests.redirect_uri_difference import differences, shown_address


def check_redirect_uri(draft: Draft) -> None:
    """Take the redirect URI; one that is not registered is never redirected to.

    Where there is none to go to, and the request object did not hold, that is the reason: the
    address was inside, or counts inside only.
    """
    try:
        _take_redirect_uri(draft)
    except PageError:
        error = draft.request_object_error
        if error is not None:
            raise page_error_of(error, ways=way_into(draft.client)) from error
        raise


def _take_redirect_uri(draft: Draft) -> None:
    redirect_uri = draft.parameters.get("redirect_uri") or _default(draft)
    if not redirect_uri or "redirect_uri" in draft.parameters.repeated:
        raise _missing(draft)
    if not draft.client.check_redirect_uri(redirect_uri):
        raise _not_registered(draft, redirect_uri)
    draft.redirect_uri = redirect_uri


def _missing(draft: Draft) -> PageError:
    ways = way_into(draft.client)
    if "redirect_uri" in draft.ignored:
        return PageError(
            "invalid_request",
            "redirect_uri must be inside the request object of this application",
            ways=ways,
        )
    return PageError("invalid_request", "redirect_uri is missing or repeated", ways=ways)


def _default(draft: Draft) -> str | None:
    """Return the one address that a request without one can mean.

    OpenID Connect requires it (Core section 3.1.2.1). And who knows what is in a request object
    that does not hold?
    """
    if draft.request_object_error is not None:
        return None
    if "openid" in draft.parameters.get("scope", "").split():
        return None
    return draft.client.get_default_redirect_uri()


def _not_registered(draft: Draft, redirect_uri: str) -> PageError:
    """Tell people what was sent and where it differs; tell the registered addresses to admins."""
    registered = draft.client.redirect_uris
    parts = differences(registered, redirect_uri)
    return PageError(
        "invalid_request",
        "redirect_uri is not registered for this application",
        detail=(
            f"redirect_uri not registered: {redirect_uri[:200]!r}; "
            f"registered: {', '.join(registered) or 'none'}"
        ),
        ways=way_into(draft.client),
        facts=(
            Fact(_("The address that the app sent"), (shown_address(redirect_uri),), True),
            Fact(_("Where it differs from the registered address"), parts),
        ),
    )
