"""How much a network that nobody has signed in from may leave behind.

Counted in the process, where it costs no round trip: what it bounds is memory of the cluster, and
for that the sum over all processes is bound enough.
"""

from __future__ import annotations

import threading
from array import array
from ipaddress import ip_network

from oidc.conf import configuration
from oidc.errors import PageError
from oidc.windows import retry_after, window_number

_IPV6_NETWORK_BITS = 64
_PLACES = 2**16


def network_of(remote_address: str) -> str:
    """Return the address, or for IPv6 the network that one connection usually has to itself."""
    try:
        is_ipv6 = ":" in remote_address
        suffix = f"/{_IPV6_NETWORK_BITS}" if is_ipv6 else ""
        return str(ip_network(remote_address + suffix, strict=False))
    except ValueError:
        return remote_address


class Tally:
    """Bytes by network, from zero in each minute.

    In a fixed number of places, whatever number of addresses somebody has. Two networks that fall
    into the same place share it; which ones do is another matter in each process, and unknown.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._minute = 0
        self._places = array("Q")

    def add(self, network: str, size: int) -> int:
        """Count these bytes, and return how many it were in this minute."""
        minute = window_number()
        place = hash(network) % _PLACES
        with self._lock:
            if minute != self._minute:
                self._minute, self._places = minute, array("Q", bytes(8 * _PLACES))
            self._places[place] += size
            return self._places[place]


_tally = Tally()


def limit_kept_bytes(remote_address: str, size: int) -> None:
    """Count what a request is about to leave on the cluster until a person goes on with it.

    Raises:
        PageError: 429, until the next minute.
    """
    configured = configuration()
    if not configured.rate_limits:
        return
    if _tally.add(network_of(remote_address), size) > configured.kept_bytes_per_minute:
        raise PageError(
            "temporarily_unavailable",
            "too many requests were started from your network; please try again in a minute",
            status=429,
            headers=(retry_after(),),
        )
