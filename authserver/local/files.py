"""The small files of a local installation: secret key, demo data, and who is using the folder."""

from __future__ import annotations

import fcntl
import os
import secrets
from pathlib import Path
from typing import IO

from oidc.errors import BadSetting


class FolderInUse(Exception):
    """Another `make run` works in this folder."""


class DamagedFile(BadSetting):
    """A file of the installation holds something else than what was written there."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is damaged: restore it, or move it away to have a new one made.")


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read; it appears whole or not at all."""
    unfinished = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    unfinished.replace(path)


def ensure_secret_key(local_dir: Path) -> None:
    """Generate `SECRET_KEY` once: 384 random bits."""
    path = local_dir / "secret_key"
    if not path.exists():
        write_private(path, secrets.token_urlsafe(48) + "\n")


def lock_folder(local_dir: Path) -> IO[str]:
    """Make this process the only one that runs Gatehouse in the folder, until it ends.

    Returns the open lock file: the lock lasts while it is open, and the kernel lets go of it
    however the process ends.

    Raises:
        FolderInUse: naming the process.
    """
    local_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = (local_dir / "run.lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.seek(0)
        owner = lock.read().strip() or "unknown"
        lock.close()
        raise FolderInUse(
            f"Gatehouse runs in this folder already (process {owner}). Stop it with Ctrl-C there."
        ) from None
    lock.seek(0)
    lock.truncate()
    lock.write(f"{os.getpid()}\n")
    lock.flush()
    return lock
