"""Client credentials per second on one core, beside a bare callable with the same signature.

    python -m benchmarks.client_credentials [--seconds 4] [--rounds 5]

Each server is pinned to one core and the load generator (wrk) to another; rounds alternate, so
that a slow minute of the machine meets both. What counts is the ratio.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from authserver.local.ports import free_base_port

ROOT = Path(__file__).resolve().parents[1]
SERVER_CORE, LOAD_CORE = 0, 1
CONNECTIONS = 16
START_SECONDS = 20
FORM = b"grant_type=client_credentials"
TARGETS = {"gatehouse": "authserver.wsgi:application", "bare": "benchmarks.bare:application"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    if not shutil.which("wrk"):
        sys.exit("The load generator wrk is not installed (Debian's package wrk).")
    if (os.cpu_count() or 1) < 2:
        sys.exit("Two cores are needed: one for the server, one for the load.")
    with tempfile.TemporaryDirectory() as directory:
        measure(Path(directory), options.seconds, options.rounds)


def measure(directory: Path, seconds: int, rounds: int) -> None:
    """Run all rounds and print one table."""
    environment = os.environ | {
        "DATABASE_URL": f"sqlite:///{directory / 'bench.sqlite3'}",
        "DJANGO_SETTINGS_MODULE": "authserver.settings",
        "LOG_LEVEL": "WARNING",
        "SECRET_KEY": "only-for-benchmarks-0123456789-abcdefghijklmnopqrstuvwxyz",
        "PYTHONPATH": str(ROOT),
    }
    manage(environment, "migrate", "--verbosity", "0")
    created = manage(
        environment, "client", "create", "Load", "--profile", "machine", "--scope", "api", "--json"
    )
    client = json.loads(created)
    pair = f"{client['client_id']}:{client['client_secret']}".encode()
    script = directory / "post.lua"
    script.write_text(
        'wrk.method = "POST"\n'
        f'wrk.body = "{FORM.decode()}"\n'
        'wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"\n'
        f'wrk.headers["Authorization"] = "Basic {base64.b64encode(pair).decode()}"\n'
    )
    rates: dict[str, list[float]] = {name: [] for name in TARGETS}
    for _ in range(rounds):
        for name, target in TARGETS.items():
            with server(target, environment) as url:
                rates[name].append(load(url, script, seconds))
    medians = {name: statistics.median(values) for name, values in rates.items()}
    for name, values in rates.items():
        print(f"{name:10} {medians[name]:8.0f}/s   (from {min(values):.0f} to {max(values):.0f})")
    print(f"ratio      {medians['gatehouse'] / medians['bare']:8.2f}")


def manage(environment: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return done.stdout


@contextmanager
def server(target: str, environment: dict[str, str]) -> Iterator[str]:
    """Run one worker on its core until the block ends."""
    port = free_base_port(1)
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(port)]
    command += ["--workers", "1", "--blocking-threads", "4", "--no-ws", target]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: os.sched_setaffinity(0, {SERVER_CORE}),
    )
    url = f"http://127.0.0.1:{port}/oauth2/token"
    try:
        deadline = time.monotonic() + START_SECONDS
        while not answers(url):
            if process.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"{target} does not start")
            time.sleep(0.05)
        yield url
    finally:
        process.terminate()
        process.wait(10)


def answers(url: str) -> bool:
    try:
        urllib.request.urlopen(urllib.request.Request(url, data=b""), timeout=5).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def load(url: str, script: Path, seconds: int) -> float:
    """Return requests per second. Any answer that is not 200 ends the run."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(script), url]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: os.sched_setaffinity(0, {LOAD_CORE}),
    )
    if "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        sys.exit(done.stdout)
    found = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    assert found, done.stdout
    return float(found.group(1))


if __name__ == "__main__":
    main()
