"""Reads the addresses that proxies wrote down. From the outside in: the last proxy wrote last.

Spec: RFC 7239 sections 4, 5.2 and 6; RFC 9110 sections 5.6.1, 5.6.2 and 5.6.4.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv6Address, ip_address

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_QUOTED = r'"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*"'
_PAIR = re.compile(rf"({_TOKEN})=({_TOKEN}|{_QUOTED})")
_SEPARATOR = re.compile(r"[\t ]*([,;]|\Z)[\t ]*")
_NODE = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+))(?::(?:[0-9]{1,5}|_[0-9A-Za-z._-]+))?")
_LONGEST_ADDRESS = len("0000:0000:0000:0000:0000:ffff:255.255.255.255")
"""Of what is longer, none is remembered: strangers have written it."""


class Malformed(ValueError):
    """The header is not what its specification says, so nothing in it can be relied on."""


def addresses_of_forwarded(header: str) -> list[str]:
    """Return the address in the `for` of each element; an empty one if it has none to tell.

    Stands for `unknown`, obfuscated identifiers, and what is no address at all. The whole header
    must be well-formed: the client wrote the beginning of it, and an open quotation mark there
    would swallow what our own proxy has added.

    Raises:
        Malformed: it is not.
    """
    addresses = []
    for element in _elements(header):
        names = [name for name, _ in element]
        if len(set(names)) < len(names):
            raise Malformed("a parameter comes twice in one element")
        addresses.append(node_address(dict(element).get("for", "")))
    return addresses


def addresses_of_x_forwarded_for(header: str) -> list[str]:
    """Return the address in each entry; an empty one if it is none."""
    entries = [entry.strip() for entry in header.split(",")]
    return [node_address(entry) for entry in entries if entry]


def node_address(node: str) -> str:
    """Return the address of a node without its port, or an empty string if it is not an address.

    Spec: RFC 7239 section 6. An IPv6 address without brackets, as `X-Forwarded-For` has it, is one.
    """
    if matched := _NODE.fullmatch(node):
        node = matched[1] or matched[2]
    return plain_address(node) if len(node) <= _LONGEST_ADDRESS else ""


@lru_cache(maxsize=1024)
def plain_address(text: str) -> str:
    """Return an address in its one normal form, or an empty string if it is none.

    An IPv4-mapped address (RFC 4291 section 2.5.5.2) is an IPv4 address.
    """
    if "%" in text:  # a zone means something on its own machine only
        return ""
    try:
        address = ip_address(text)
    except ValueError:
        return ""
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(address)


def _elements(header: str) -> list[list[tuple[str, str]]]:
    """Split the header into its elements, and each into its pairs. Empty elements are none."""
    elements: list[list[tuple[str, str]]] = []
    element: list[tuple[str, str]] = []
    position, end = len(header) - len(header.lstrip("\t ")), len(header)
    while position < end:
        if pair := _PAIR.match(header, position):
            element.append((pair[1].lower(), _unquoted(pair[2])))
            position = pair.end()
        separator = _SEPARATOR.match(header, position)
        if separator is None:
            raise Malformed("neither a pair nor a separator")
        position = separator.end()
        if separator[1] != ";":
            elements.append(element)
            element = []
    elements.append(element)
    return [element for element in elements if element]


def _unquoted(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
