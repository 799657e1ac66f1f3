"""Apps that take part in a sign-out: small sites on this machine, each at an origin of its own."""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
import requests
from playwright.sync_api import Page

from tests.support.stack import Stack

VERIFIER = "a-code-verifier-of-the-length-that-is-asked-for-0123456789"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=")

# What an app does to watch the session, see Session Management 1.0 section 3.1.
WATCHING = """<!doctype html><title>Watching</title><p id="status">asking</p>
<iframe id="op" src="{iframe}"></iframe>
<script>
  addEventListener("message", function (event) {{
    if (event.origin === new URL("{iframe}").origin) {{
      document.getElementById("status").textContent = event.data;
    }}
  }});
  setInterval(function () {{
    document.getElementById("op").contentWindow.postMessage("{message}", "{iframe}");
  }}, 100);
</script>"""


class Site:
    """A web site that answers every GET with a page, and notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.pages: dict[str, str] = {}
        self.let_go = threading.Event()
        self.let_go.set()
        """Cleared: requests to `/front-channel` hang until it is set."""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer._answer(self)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.origin = f"http://localhost:{self._server.server_address[1]}"

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(request.path)
        self.asked.append((parts.path, dict(parse_qsl(parts.query))))
        if parts.path == "/front-channel":
            self.let_go.wait()
        body = self.pages.get(parts.path, "<!doctype html><title>App</title><p>App").encode()
        request.send_response(200)
        request.send_header("Content-Type", "text/html")
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def parameters_at(self, path: str) -> list[dict[str, str]]:
        return [parameters for asked, parameters in self.asked if asked == path]

    @contextmanager
    def serving(self) -> Iterator[Site]:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield self
        finally:
            self.let_go.set()
            self._server.shutdown()
            self._server.server_close()
            thread.join()


@dataclass
class App:
    """A site that is a client, and what it learnt when somebody signed in."""

    site: Site
    issuer: str
    client_id: str
    client_secret: str
    response: dict[str, str] = field(default_factory=dict)

    def request(self) -> str:
        """Return the address of an authorization request."""
        parameters = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": f"{self.site.origin}/callback",
            "scope": "openid",
            "code_challenge": CHALLENGE.decode(),
            "code_challenge_method": "S256",
        }
        return f"{self.issuer}/oauth2/authorize?{urlencode(parameters)}"

    def arrive(self, page: Page) -> None:
        """Wait until the browser has come back, and keep what it brought."""
        page.wait_for_url(f"{self.site.origin}/callback?*")
        self.response = self.site.parameters_at("/callback")[-1]

    def id_token(self) -> str:
        form = {
            "grant_type": "authorization_code",
            "code": self.response["code"],
            "redirect_uri": f"{self.site.origin}/callback",
            "code_verifier": VERIFIER,
        }
        authentication = (self.client_id, self.client_secret)
        answer = requests.post(f"{self.issuer}/oauth2/token", data=form, auth=authentication)
        return str(answer.json()["id_token"])

    def watch(self, page: Page) -> None:
        """Open a page of the app that asks about the session all the time."""
        self.site.pages["/watch"] = WATCHING.format(
            iframe=f"{self.issuer}/oauth2/check_session",
            message=f"{self.client_id} {self.response['session_state']}",
        )
        page.goto(f"{self.site.origin}/watch")


def register(stack: Stack, site: Site, **addresses: str) -> App:
    """Register a site as a client of the house: nobody is asked for consent."""
    options = [f"--{name.replace('_', '-')}={value}" for name, value in addresses.items()]
    client = stack.create_client(
        "web", "--redirect-uri", f"{site.origin}/callback", "--trusted", *options
    )
    return App(site, stack.issuer, client["client_id"], client["client_secret"])


def sid_of(id_token: str) -> str:
    return str(jwt.decode(id_token, options={"verify_signature": False})["sid"])
