"""The address of a waiting request: `/interaction/<id>?app=<trace>`.

The request itself is in the store, and goes once it is finished or has expired. The trace stays in
the address, and tells whose request it was, so that the page can still lead back to the app. It
carries a MAC: nobody else can name an app in it. It opens nothing, and costs no write.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from typing import NamedTuple
from urllib.parse import parse_qs

from oidc.base64url import decode, encode
from oidc.conf import configuration
from oidc.keys.derived import derived_keys
from oidc.stores.records import Interaction

PARAMETER = "app"
_PURPOSE = "interaction address"
_MAC_BYTES, _TIME_BYTES, _BROWSER_BYTES = 16, 5, 8
_LONGEST = 512


class Trace(NamedTuple):
    """Whose request it was, and when. `browser`: the beginning of its browser's hash."""

    client_id: str
    created_at: int
    browser: bytes

    @property
    def is_over(self) -> bool:
        """Tell whether it has waited for as long as a request may."""
        return time.time() >= self.created_at + configuration().interaction_lifetime_seconds

    def is_of(self, browser_hashes: list[str]) -> bool:
        """Tell whether one of these browsers started it."""
        return any(
            hmac.compare_digest(self.browser, bytes.fromhex(browser_hash)[:_BROWSER_BYTES])
            for browser_hash in browser_hashes
        )


def address_of(interaction: Interaction, client_id: str) -> str:
    """Return the path and query at which a request of this client waits."""
    body = b"".join(
        (
            int(interaction.created_at).to_bytes(_TIME_BYTES),
            bytes.fromhex(interaction.browser_hash)[:_BROWSER_BYTES],
            client_id.encode(),
        )
    )
    trace = encode(_mac(derived_keys(_PURPOSE).current.key, body) + body).decode()
    path = f"{configuration().base_path}/interaction/{interaction.interaction_id}"
    return f"{path}?{PARAMETER}={trace}"


def interaction_id_in(address: str) -> str:
    """Return the id in the address of a waiting request, an empty string for any other address."""
    beginning = f"{configuration().base_path}/interaction/"
    path = address.partition("?")[0]
    return path.removeprefix(beginning) if path.startswith(beginning) else ""


def trace_in(address: str) -> Trace | None:
    """Return what the address of a request tells of it, None if it tells nothing we wrote."""
    if not interaction_id_in(address):
        return None
    [text] = parse_qs(address.partition("?")[2]).get(PARAMETER, [""])[:1]
    return _read(text)


def _read(text: str) -> Trace | None:
    if not text or len(text) > _LONGEST:
        return None
    try:
        octets = decode(text)
    except ValueError:
        return None
    mac, body = octets[:_MAC_BYTES], octets[_MAC_BYTES:]
    keys = derived_keys(_PURPOSE).by_id.values()
    if not any(hmac.compare_digest(mac, _mac(each.key, body)) for each in keys):
        return None
    browser_ends = _TIME_BYTES + _BROWSER_BYTES
    return Trace(
        client_id=body[browser_ends:].decode(),
        created_at=int.from_bytes(body[:_TIME_BYTES]),
        browser=body[_TIME_BYTES:browser_ends],
    )


def _mac(key: bytes, body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=_MAC_BYTES, key=key).digest()
