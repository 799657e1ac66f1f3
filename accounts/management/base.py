"""What the commands share: one style of JSON, and lists in pages."""

from __future__ import annotations

import json
from argparse import ArgumentParser, ArgumentTypeError
from datetime import datetime
from typing import Any, TypeVar

from django.core.management.base import BaseCommand
from django.db.models import Model, QuerySet

_Row = TypeVar("_Row", bound=Model)


class GatehouseCommand(BaseCommand):
    """A command with `--json`: on stdout there is then one JSON value and nothing else.

    Members are named as in the specifications. Times are seconds since 1970, as there, and null
    where something has not happened; a list is an array, also of one.
    """

    def print_json(self, value: Any) -> None:
        self.stdout.write(json.dumps(value, indent=2, ensure_ascii=False))

    def tell_of_more(self, last: str) -> None:
        """Say how to go on after a page; on stderr, where it is in nobody's way."""
        self.stderr.write(f"There are more: --after {last}")


def epoch(moment: datetime | None) -> int | None:
    """Return a time as JSON has it."""
    return None if moment is None else int(moment.timestamp())


def add_paging(parser: ArgumentParser, key: str) -> None:
    """Add the options of a list in pages. `key`: what names the last row of a page."""
    parser.add_argument(
        "--limit", type=_positive, metavar="N", help="not more than so many (default: all)"
    )
    parser.add_argument("--after", metavar=key, help="go on after this one, the last of a page")


def add_state(parser: ArgumentParser) -> None:
    """Add the options that choose by whether something is switched off."""
    states = parser.add_mutually_exclusive_group()
    for option, state, description in (
        ("--disabled", False, "only those that are switched off"),
        ("--enabled", True, "only those that are not"),
    ):
        states.add_argument(
            option, dest="is_active", action="store_const", const=state, help=description
        )


def page_of(rows: QuerySet[_Row], limit: int | None) -> tuple[list[_Row], bool]:
    """Return the rows of one page, and whether there are more. One query."""
    if limit is None:
        return list(rows), False
    found = list(rows[: limit + 1])
    return found[:limit], len(found) > limit


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError("a number from 1 on is needed")
    return int(text)
