"""Where a request to an address that a client chose may go."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from accounts.split_url import URL, MalformedURL, split_url
from oidc.conf import configuration

_GLOBAL_UNICAST = IPv6Network("2000::/3")
_MOST_ADDRESSES = 4
_lookups = ThreadPoolExecutor(max_workers=8, thread_name_prefix="lookup")


class FetchFailed(Exception):
    """There is no answer to be had. The text is for the log."""


def is_allowed(address: IPv4Address | IPv6Address, *, private: bool) -> bool:
    """Tell whether a connection may go to this address; with `private`, to an intranet's too.

    Link-local addresses never: cloud providers answer there with the machine's credentials.
    """
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return False
    if address.is_multicast or address.is_link_local or address.is_unspecified:
        return False
    if private:
        return address.is_loopback or not address.is_reserved
    if isinstance(address, IPv6Address):
        # 6to4 carries an IPv4 address, which could be any.
        return address.is_global and address in _GLOBAL_UNICAST and address.sixtofour is None
    return address.is_global and not address.is_reserved


def checked_parts(url: str) -> URL:
    """Take an address apart.

    Raises:
        FetchFailed: malformed, or not https; http is for private addresses, where they are allowed.
    """
    try:
        parts = split_url(url)
    except MalformedURL as error:
        raise FetchFailed("malformed address") from error
    schemes = ("https", "http") if configuration().fetch_private_addresses else ("https",)
    if parts.scheme not in schemes or not parts.hostname or parts.port == 0 or parts.has_user:
        raise FetchFailed("not an https address")
    return parts


def port_of(parts: URL) -> int:
    """Return the port that an address means."""
    return parts.port or (443 if parts.scheme == "https" else 80)


def resolve(parts: URL, deadline: float) -> list[str]:
    """Return the addresses of the host, all of them allowed.

    The lookup itself cannot be cut: a name server that says nothing keeps a thread of its own, and
    never one that answers requests.

    Raises:
        FetchFailed: unknown, not in time, or one of the addresses is not allowed.
    """
    private = configuration().fetch_private_addresses
    lookup = _lookups.submit(
        socket.getaddrinfo, parts.hostname, port_of(parts), type=socket.SOCK_STREAM
    )
    try:
        found = lookup.result(max(deadline - time.monotonic(), 0))
    except TimeoutError as error:
        lookup.cancel()
        raise FetchFailed("its name server took too long") from error
    except (OSError, UnicodeError) as error:
        raise FetchFailed("the name cannot be resolved") from error
    hosts = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    addresses = [ip_address(host.partition("%")[0]) for host in hosts]
    if not all(is_allowed(address, private=private) for address in addresses):
        raise FetchFailed("the name has an address that is not public")
    if parts.scheme == "http" and not all(address.is_loopback for address in addresses):
        raise FetchFailed("http works on this machine only")
    return hosts[:_MOST_ADDRESSES]
