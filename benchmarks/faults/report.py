"""The tables of `docs/reliability.md`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from benchmarks.faults.settings import SETTINGS
from benchmarks.faults.tally import Tallies, Tally, middle
from benchmarks.harness.pages import replace_part
from tests.reliability.lab.faults import FAULTS, FAULTS_OF_NETWORKS


def write_into(page: Path, tallies: Tallies, cores: int) -> None:
    """Replace the measured part of a page."""
    replace_part(page, "measured", _measured(tallies, cores))


def _measured(tallies: Tallies, cores: int) -> str:
    operations = tallies.sum(lambda tally: tally.operations)
    strikes = tallies.sum(lambda tally: tally.strikes)
    lines = [
        f"Measured on {datetime.now(UTC):%d %B %Y} on one machine with {cores} cores, which the",
        f"nodes, the server and the load shared: {operations:,} operations, {strikes} strikes.",
    ]
    for name, setting in SETTINGS.items():
        lines += ["", f"### {setting.title}", "", *_table(tallies.of.get(name, {}))]
    unsettled = tallies.sum(lambda tally: tally.unsettled)
    if unsettled:
        lines += [
            "",
            f"{unsettled} experiments are not in the tables: all was not well again in time.",
        ]
    return "\n".join(lines)


def _table(faults: dict[str, Tally]) -> list[str]:
    rows = [
        "| what happens | strikes | operations | wrong results | without service: median, worst "
        "| answered during it | 503 during it | p99 elsewhere: before, during |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for fault in (*FAULTS, *FAULTS_OF_NETWORKS):
        tally = faults.get(fault.name)
        if tally is not None and tally.strikes:
            rows.append(f"| {fault.title} | {_row(tally)} |")
    return rows


def _row(tally: Tally) -> str:
    worst = max(tally.without_service)
    elsewhere = ""
    if tally.before_ms:
        elsewhere = f"{middle(tally.before_ms):.0f} ms, {middle(tally.during_ms):.0f} ms"
    wrong = f"**{tally.wrong}**" if tally.wrong else "0"
    return " | ".join(
        [
            f"{tally.strikes}",
            f"{tally.operations:,}",
            wrong,
            f"{middle(tally.without_service):.1f} s, {worst:.1f} s",
            f"{middle(tally.answered):.1%}",
            f"{middle(tally.asked_to_come_back):.1%}",
            elsewhere,
        ]
    )
