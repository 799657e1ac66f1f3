"""Everything that lies in a cluster, and everything that a thief could make of it."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from typing import Any

from authserver.local.cluster import LocalCluster

_READERS = {
    "string": lambda client, name: [client.get(name)],
    "hash": lambda client, name: [part for pair in client.hgetall(name).items() for part in pair],
    "zset": lambda client, name: client.zrange(name, 0, -1),
    "set": lambda client, name: list(client.smembers(name)),
    "list": lambda client, name: client.lrange(name, 0, -1),
}
_SEPARATORS = re.compile(r"[:{}\s&?,;]+")
_BASE64 = re.compile(r"[\w+/-]{8,}=*")
_SHORTEST = 8
"""Characters. What is shorter is a number or a name, and could be guessed without a theft."""


def dump(cluster: LocalCluster) -> dict[str, list[str]]:
    """Return every key of every master, with all that is stored under it."""
    found: dict[str, list[str]] = {}
    for node in cluster.nodes():
        client: Any = node.client()
        for name in client.scan_iter(count=1000):
            found[name] = _READERS[client.type(name)](client, name)
    return found


def spoils(found: dict[str, list[str]]) -> set[str]:
    """Return all texts in it: as they are, in parts, out of JSON, decoded and encoded again."""
    texts: set[str] = set()
    for name, values in found.items():
        for text in (name, *values):
            texts.update(_unwrapped(text))
    return {text for text in texts if len(text) >= _SHORTEST and text.isprintable()}


def _unwrapped(text: str, depth: int = 4) -> Iterator[str]:
    yield text
    if not depth:
        return
    inner = [part for part in _SEPARATORS.split(text) if part != text]
    inner += [part for part in text.split(".") if part != text]
    inner += _members(text)
    inner += _recoded(text)
    for part in inner:
        yield from _unwrapped(part, depth - 1)


def _members(text: str) -> list[str]:
    """Return the strings in a JSON text, names included."""
    if text[:1] not in '{["':
        return []
    try:
        return list(_strings(json.loads(text)))
    except ValueError:
        return []


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, member in value.items():
            yield name
            yield from _strings(member)
    elif isinstance(value, list):
        for member in value:
            yield from _strings(member)


def _recoded(text: str) -> list[str]:
    """Return what base64 or hexadecimal digits say, and how a token would spell those bytes."""
    decoded = []
    if _BASE64.fullmatch(text):
        padded = text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4)
        decoded += _decode(lambda: base64.b64decode(padded, altchars=b"-_", validate=True))
    decoded += _decode(lambda: bytes.fromhex(text))
    recoded = []
    for data in decoded:
        recoded.append(base64.urlsafe_b64encode(data).rstrip(b"=").decode())
        recoded += [data.decode()] if data.isascii() else []
    return [each for each in recoded if each != text]


def _decode(how: Any) -> list[bytes]:
    try:
        return [how()]
    except ValueError:
        return []
