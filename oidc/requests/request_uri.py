"""Request objects by reference. Spec: OpenID Connect Core 1.0 section 6.2; RFC 9101 section 5.2."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict

from oidc import base64url
from oidc.clients.record import Client
from oidc.clients.remote import FetchFailed, fetch_text
from oidc.clients.waiting import DOCUMENTS, a_seat
from oidc.errors import ProtocolError
from oidc.requests.request_object import MAX_LENGTH

KEPT_SECONDS = 300
MOST_KEPT = 500


class _Kept:
    """Fetched request objects, by an address whose fragment names the content."""

    def __init__(self) -> None:
        self._texts: OrderedDict[str, tuple[float, str]] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, request_uri: str) -> str | None:
        with self._lock:
            expires, text = self._texts.get(request_uri, (0.0, ""))
        return text if expires > time.monotonic() else None

    def keep(self, request_uri: str, text: str) -> None:
        with self._lock:
            self._texts[request_uri] = (time.monotonic() + KEPT_SECONDS, text)
            while len(self._texts) > MOST_KEPT:
                self._texts.popitem(last=False)


_kept = _Kept()


def fetch_request_object(client: Client, request_uri: str) -> str:
    """Return the request object at a registered address.

    Where the fragment is the hash of the content (Core section 6.2), it is fetched once and kept
    for five minutes. With another fragment, or none, it is fetched every time: what a stranger
    wrote behind an address takes nobody's place.

    Raises:
        ProtocolError: `invalid_request_uri`: not registered, or not to be had;
            `temporarily_unavailable`: too many wait for servers of clients already.
    """
    address, _, fragment = request_uri.partition("#")
    if address not in {registered.partition("#")[0] for registered in client.request_uris}:
        raise _invalid_request_uri("not registered")
    text = _kept.find(request_uri) if fragment else None
    if text is None:
        try:
            with a_seat(DOCUMENTS, client.as_tenant):
                text = fetch_text(address, max_bytes=MAX_LENGTH)
        except FetchFailed as error:
            raise _invalid_request_uri(str(error)) from error
        if fragment == _fragment_of(text):
            _kept.keep(request_uri, text)
    return text


def _fragment_of(text: str) -> str:
    return base64url.encode(hashlib.sha256(text.encode()).digest()).decode()


def _invalid_request_uri(detail: str) -> ProtocolError:
    return ProtocolError("invalid_request_uri", "request_uri is not acceptable", detail=detail)
