"""Lua scripts: read once from their files, sent by their SHA-1.

A file starts with the flags of its script (`#!lua flags=no-writes`), which let Redis refuse it as a
whole, before it starts, where it could not be carried out to the end.
"""

from __future__ import annotations

from hashlib import sha1
from pathlib import Path

from oidc.stores.redis.packets import packed

Argument = str | bytes | int

_FOLDER = Path(__file__).parent


class Script:
    """A script, ready to be sent.

    `reads_found_keys`: it reads keys whose names it finds in records, beside those it is given.
    While its slot moves, nobody but the old owner knows whether such a key is there, so no `ASK`
    is followed.
    """

    __slots__ = ("_sha1", "_source", "name", "reads_found_keys")

    def __init__(self, name: str, source: str, *, reads_found_keys: bool = False) -> None:
        self.name = name
        self.reads_found_keys = reads_found_keys
        self._source = source.encode()
        self._sha1 = sha1(self._source).hexdigest().encode()  # noqa: S324  its name in Redis

    def pack(self, keys: list[str], arguments: list[Argument]) -> bytes:
        """Return `EVALSHA`, as it goes over the wire."""
        return self._pack(b"EVALSHA", self._sha1, keys, arguments)

    def pack_with_source(self, keys: list[str], arguments: list[Argument]) -> bytes:
        """Return `EVAL`, which a node also keeps for the next `EVALSHA`."""
        return self._pack(b"EVAL", self._source, keys, arguments)

    @staticmethod
    def _pack(command: bytes, body: bytes, keys: list[str], arguments: list[Argument]) -> bytes:
        return packed(command, body, len(keys), *keys, *arguments)


def load_script(name: str, *, library: str = "", reads_found_keys: bool = False) -> Script:
    """Load `<name>.lua`, with the functions of `<library>.lua` before it."""
    flags, _, body = (_FOLDER / f"{name}.lua").read_text().partition("\n")
    functions = (_FOLDER / f"{library}.lua").read_text() if library else ""
    return Script(name, f"{flags}\n{functions}{body}", reads_found_keys=reads_found_keys)
