"""An issuer with a path of its own, such as https://example.com/id.

Spec: RFC 8414 section 3.1 (the well-known name goes between host and path); Discovery section 4.1
(it goes after the path).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.urls import set_script_prefix

from oidc.doors.wsgi import WSGIApplication

WELL_KNOWN = ("/.well-known/oauth-authorization-server", "/.well-known/openid-configuration")


class MountedBelow:
    """Take the issuer's path off each request, whether or not a proxy did so already.

    Links on pages have it again. Django tells its own threads so when one of its pages is asked
    for; a page of the protocol door may be the first that a thread shows.
    """

    def __init__(self, application: WSGIApplication, path: str) -> None:
        self._application = application
        self._path = path
        self._inserted = {name + path: name for name in WELL_KNOWN}

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path in self._inserted:
            environ["PATH_INFO"] = self._inserted[path]
        elif path.startswith(self._path + "/"):
            environ["PATH_INFO"] = path[len(self._path) :]
        set_script_prefix(self._path + "/")
        return self._application(environ, start_response)
