"""One row of the endpoint table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from oidc.http import Request, Response


@dataclass(frozen=True, slots=True, eq=False)
class Endpoint:
    """A path, the function behind it, and what the wrapper must know about it.

    `path`: one that ends in a slash takes one segment more, which becomes `Request.resource`.
    `methods`: HEAD among them only where a GET changes nothing (RFC 9110 section 9.2.1).
    `cors`: scripts of any origin may call it (it looks at no cookie).
    `only_in_body`: parameters that are refused in the query of a request with a body, besides those
    that are refused at every endpoint (`doors.query`).
    `for_people`: errors are shown as a page, not as JSON.
    `frameable`: pages of other sites may show it in a frame.
    `json`: its body is a JSON object (`Request.json`) instead of a form.
    """

    name: str
    path: str
    function: Callable[[Request], Response]
    methods: tuple[str, ...]
    cors: bool = False
    only_in_body: frozenset[str] = frozenset()
    for_people: bool = False
    json: bool = False
    frameable: bool = False
