"""Which core does what, and what the machine must have."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from pathlib import Path

SERVER_CORE, LOAD_CORE = 0, 1
ON_SERVER_CORE = ["taskset", "-c", str(SERVER_CORE)]


def take_load_core() -> None:
    """Move this process, and all that it starts from here on, to the core of the load."""
    os.sched_setaffinity(0, {LOAD_CORE})


def check_machine() -> None:
    """Leave with a sentence if something is missing that no installation of ours brings."""
    for program, package in (("wrk", "wrk"), ("taskset", "util-linux")):
        if not shutil.which(program):
            sys.exit(f"{program} is not installed (Debian's package {package}).")
    if not {SERVER_CORE, LOAD_CORE} <= os.sched_getaffinity(0):
        sys.exit("Two cores are needed: one for the server, one for the load.")


def description() -> str:
    """Return the processor, the number of cores and the Python version."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}"
