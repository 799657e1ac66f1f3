"""Somebody's first sign-in of the day: log-in page, password, consent, and all pages between.

Needs the packages of development. One after the other, because the hashing of passwords fills the
core by itself.
"""

from __future__ import annotations

import statistics
from pathlib import Path

from benchmarks.harness import processes
from benchmarks.harness.pacer import Pacer
from benchmarks.peers.base import REDIRECT_URI
from benchmarks.peers.gatehouse import Gatehouse
from benchmarks.peers.relying_party import authorization_target
from benchmarks.scale.costs import Effort, Rows
from benchmarks.servers import running_servers

SIGN_INS = 10
"""Few enough for the rate limits, which are on."""


def measure(directory: Path, effort: Effort) -> Rows:
    from tests.support.plain_browser import PlainBrowser

    pacer, costs = Pacer(), []
    with running_servers(directory, ["gatehouse"]) as running:
        asked = running["gatehouse"].asked
        gatehouse = asked.peer
        assert isinstance(gatehouse, Gatehouse)
        target = authorization_target(asked.prepared, asked.prepared.apps["ES256"])
        for number in range(SIGN_INS + 1):
            browser = PlainBrowser(gatehouse.installation.new_person())
            pids, speed = gatehouse.program.pids(), pacer.measure().of_cpu
            before = processes.cpu_seconds(pids)
            browser.authorize(gatehouse.url + target, REDIRECT_URI)
            if number:  # the first one fills caches
                costs.append((processes.cpu_seconds(pids) - before) * speed)
    milliseconds = statistics.median(costs) / pacer.reference.of_cpu * 1000
    return [["", "CPU ms"], ["first sign-in, with password and consent", f"{milliseconds:.0f}"]]
