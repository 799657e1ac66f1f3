"""Where somebody goes on after a mail: back to the sign-in of an app that waits for them.

The link in a mail carries the address of the waiting request, as `next`. Such an address is worth
something in the browser that started the request only, and it is the one thing that a link carries:
no text that a stranger chose gets into a mail to somebody else.
"""

from __future__ import annotations

import re

from allauth.account.utils import get_next_redirect_url
from django.http import HttpRequest
from django.urls import get_script_prefix
from django.utils.http import urlencode

_WAITING = re.compile(r"interaction/[A-Za-z0-9_-]{1,64}(?:\?app=[A-Za-z0-9_-]{1,600})?")


def waiting_address(request: HttpRequest) -> str:
    """Return `next` of a page if it is the address of a waiting request, else an empty string."""
    following = get_next_redirect_url(request) or ""
    prefix = get_script_prefix()
    is_one = following.startswith(prefix) and _WAITING.fullmatch(following.removeprefix(prefix))
    return following if is_one else ""


def with_next(address: str, following: str) -> str:
    """Return an address of ours that leads on to another one, if there is one."""
    return f"{address}?{urlencode({'next': following})}" if following else address
