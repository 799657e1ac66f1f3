"""The load in windows of some seconds, and what was seen in each."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from benchmarks.harness import plan, processes, wrk
from benchmarks.harness.measuring import paced
from benchmarks.harness.plan import Plan
from benchmarks.peers.paths import Asked
from benchmarks.peers.relying_party import authorization_target, basic, exchange_form
from benchmarks.soak.failures import Failures

PEAK_SECONDS, CONNECTIONS = 8, 16
LESS_SCOPE = "openid profile"


@dataclass(frozen=True)
class Window:
    """`failing`: a failure struck, or its consequences may have lasted, within it.

    `unavailable`: answers with status 503, which are right while something fails. Memory of the
    worker is resident, that of Redis is what its masters use for data.
    """

    second: float
    visits: float
    p50_ms: float
    p99_ms: float
    errors: int
    unavailable: int
    error: str
    failing: bool
    worker_bytes: int
    worker_files: int
    redis_bytes: int
    redis_keys: int


class Soak:
    """`peak`: visits a second that one worker does at the most."""

    def __init__(self, asked: Asked, directory: Path, window_seconds: int) -> None:
        self._asked, self._directory, self._seconds = asked, directory, window_seconds
        self._failures = Failures(asked.peer.cluster)
        self._plan = visits(asked)
        self.peak = 0.0

    def run(self, seconds: float, load: float) -> list[Window]:
        """Load it for so long, at a share of its peak; two failures divide the time in three."""
        run = self._load(PEAK_SECONDS, CONNECTIONS)
        self.peak = run.operations / run.seconds
        connections, pause_ms = paced(load * self.peak * self._plan.requests_per_operation)
        windows: list[Window] = []
        began = time.monotonic()
        strikes = [seconds / 3, 2 * seconds / 3]
        while (second := time.monotonic() - began) < seconds:
            if strikes and second >= strikes[0]:
                strikes.pop(0)
                self._failures.strike()
            failing = self._failures.are_felt()
            run = self._load(self._seconds, connections, pause_ms=pause_ms)
            windows.append(self._seen(second, run, failing or self._failures.are_felt()))
            self._tell(windows[-1])
        self._failures.end()
        return windows

    def _load(self, seconds: float, connections: int, **more: float) -> wrk.Run:
        return wrk.run(
            self._plan,
            self._asked.peer.url,
            self._directory,
            seconds=seconds,
            connections=connections,
            **more,
        )

    def _seen(self, second: float, run: wrk.Run, failing: bool) -> Window:
        pid = self._asked.peer.worker_pids()[0]
        used, keys = self._failures.data_of_masters()
        return Window(
            second=round(second),
            visits=run.operations / run.seconds,
            p50_ms=run.p50_ms,
            p99_ms=run.p99_ms,
            errors=run.errors,
            unavailable=run.unavailable,
            error=run.error,
            failing=failing,
            worker_bytes=processes.resident_bytes(pid),
            worker_files=processes.open_files(pid),
            redis_bytes=used,
            redis_keys=keys,
        )

    def _tell(self, window: Window) -> None:
        print(
            f"{window.second:6.0f} s  {window.visits:6.0f} visits/s  p99 {window.p99_ms:7.1f} ms  "
            f"{window.errors} errors, {window.unavailable} times 503  "
            f"worker {window.worker_bytes / 2**20:.1f} MiB, "
            f"{window.worker_files} files  Redis {window.redis_bytes / 2**20:.1f} MiB"
            + ("  (failure)" if window.failing else ""),
            file=sys.stderr,
            flush=True,
        )


def visits(asked: Asked) -> Plan:
    """People come from an app, which exchanges, refreshes with less scope, and revokes."""
    peer, prepared = asked.peer, asked.prepared
    client = prepared.apps["ES256"]
    authorization, token = basic(client), prepared.endpoints.token
    target = authorization_target(prepared, client)
    narrow = urlencode({"grant_type": "refresh_token", "scope": LESS_SCOPE})

    def form(path: str, before: str) -> dict[str, str]:
        return plan.post_with(peer.host, path, before, Authorization=authorization)

    members = {
        "authorize": [plan.get(peer.host, target, Cookie=each) for each in prepared.cookies],
        "template": form(token, exchange_form()),
        "refreshing": form(token, f"{narrow}&refresh_token="),
        "revocation": form("/oauth2/revoke", "token="),
        "less_scope": f'"{LESS_SCOPE}"',
    }
    return Plan("visit", members, '"access_token"', requests_per_operation=4)
