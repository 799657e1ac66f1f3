"""Lists that are read in pages: no script may keep its node busy for longer than a moment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from oidc.stores.redis.cluster import run_script
from oidc.stores.redis.script import Argument, Script

PAGE = 200
"""Members of an index that one script looks at: 1 to 2 ms in Redis, some ms on a busy machine.
Larger pages keep the other people of the node waiting for longer."""


def all_rows(script: Script, keys: list[str], arguments: list[Argument]) -> Iterator[Any]:
    """Read all rows of a script that takes a first rank and a count, and tells how many it saw.

    What others write meanwhile may be missed. Redis: one round trip a page.
    """
    rank = 0
    while True:
        seen, *rows = run_script(script, keys, [*arguments, rank, PAGE], write=False)
        yield from rows
        rank += seen
        if seen < PAGE:
            return
