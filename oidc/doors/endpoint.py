"""One row of the endpoint table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from oidc.http import Request, Response


@dataclass(frozen=True, slots=True, eq=False)
class Endpoint:
    """A path, the function behind it, and what the wrapper must know about it.

    `path`: one that ends in a slash takes one segment more, which becomes `Request.resource`.
    `cors`: scripts of any origin may call it (it looks at no cookie).
    `query_on_post`: whether a POST may carry query parameters (RFC 6749 section 3.2 says no).
    `for_people`: errors are shown as a page, not as JSON.
    `frameable`: pages of other sites may show it in a frame.
    `json`: its body is a JSON object (`Request.json`) instead of a form.
    """

    name: str
    path: str
    function: Callable[[Request], Response]
    methods: tuple[str, ...]
    cors: bool = False
    query_on_post: bool = False
    for_people: bool = False
    json: bool = False
    frameable: bool = False
