"""Builds `.venv` and finds what tests need; what `make` does before anything else can run.

A script for the system's Python, with nothing but the standard library. It works again only when
a requirements file, the Python version or the place of the folder has changed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parents[2]
VENV = BASE_DIR / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
RUNTIME, DEVELOPMENT = BASE_DIR / "requirements.txt", BASE_DIR / "requirements-dev.txt"
LOCAL = BASE_DIR / "requirements-local.txt"
SOURCES = {  # what `make requirements` writes, and from what
    RUNTIME: BASE_DIR / "requirements" / "runtime.in",
    LOCAL: BASE_DIR / "requirements" / "local.in",
    DEVELOPMENT: BASE_DIR / "requirements" / "development.in",
    BASE_DIR / "benchmarks" / "peers" / "requirements.txt": BASE_DIR / "requirements" / "peers.in",
}
SERVERS = ("redis-server", "valkey-server")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def runtime() -> None:
    """Install what the server needs."""
    if not any(_is_current(files) for files in ((RUNTIME,), (RUNTIME, DEVELOPMENT))):
        _install((RUNTIME,))


def redis_server() -> None:
    """Install the packaged Redis server where the machine has none."""
    if not _succeeds([str(VENV_PYTHON), "-m", "authserver.local.server_binary"]):
        packaged_server()


def packaged_server() -> None:
    """Install the packaged Redis server, which a test starts whatever the machine has."""
    if not _is_current((LOCAL,)):
        _install((LOCAL,))


def development() -> None:
    """Install what checks and tests need, the runtime included."""
    if not _is_current((RUNTIME, DEVELOPMENT)):
        _install((RUNTIME, DEVELOPMENT))


def requirements() -> None:
    """Write the requirements files anew: every package, and the hash of each of its files.

    One file serves every Python from 3.11 on, and every machine. What a file pins already stays as
    it is, unless its source says otherwise; delete the file to get the newest of everything.
    """
    development()
    for written, source in SOURCES.items():
        command = [str(VENV / "bin" / "uv"), "pip", "compile", "--quiet", "--universal"]
        command += ["--python-version", "3.11", "--generate-hashes", "--no-annotate"]
        command += ["--no-emit-index-url", "--system-certs"]
        command += ["--custom-compile-command", "make requirements"]
        command += ["--output-file", str(written), str(source)]
        if subprocess.run(command, cwd=BASE_DIR).returncode != 0:  # noqa: S603
            sys.exit(f"{written.name} could not be written; the reason stands above.")


def programs() -> None:
    """Make sure of the programs that only tests need: a browser, and a Redis server with TLS."""
    if not _is_on_path(BROWSERS) and not _has_installed("chromium"):
        sys.exit(
            "The browser tests need Chromium, and there is none on PATH. Install it (on Debian and "
            "Ubuntu: sudo apt-get install chromium) and run this again."
        )
    if not _is_on_path(SERVERS) and not _has_installed("redis-server"):
        print("Without redis-server on PATH, tests of TLS are skipped: the packaged one has none.")


def _is_on_path(names: tuple[str, ...]) -> bool:
    return any(shutil.which(name) for name in names)


def _has_installed(package: str) -> bool:
    """Install a package of the system where we may. Returns whether it is there now."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return False
    print(f"Installing {package} for the tests ...", flush=True)
    # RUNLEVEL: installing a server must not start it.
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    commands = (["update", "-q"], ["install", "-y", "-q", package])
    return all(
        subprocess.run(["apt-get", *command], env=quiet).returncode == 0  # noqa: S603, S607
        for command in commands
    )


def _install(files: tuple[Path, ...]) -> None:
    _make_venv()
    print(f"Installing packages from {files[-1].name} ...", flush=True)
    pip = [str(VENV_PYTHON), "-m", "pip"]
    if not _succeeds([*pip, "--version"]):
        # Made without ensurepip: this Python's own pip installs into it from outside.
        pip = [sys.executable, "-m", "pip", "--python", str(VENV_PYTHON)]
    command = [*pip, "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
    command += ["-r", str(files[-1])]
    if subprocess.run(command, cwd=BASE_DIR).returncode != 0:  # noqa: S603
        sys.exit("The packages could not be installed; the reason stands above.")
    _stamp_path(files).write_text(_stamp(files))


def _make_venv() -> None:
    if VENV_PYTHON.exists() and _succeeds([str(VENV_PYTHON), "-c", _SAME_PLACE]):
        return
    print("Making the virtual environment .venv ...", flush=True)
    shutil.rmtree(VENV, ignore_errors=True)
    ways = [["-m", "venv", str(VENV)], ["-m", "virtualenv", "--quiet", str(VENV)]]
    if _succeeds([sys.executable, "-m", "pip", "--version"]):
        ways.append(["-m", "venv", "--without-pip", str(VENV)])
    for way in ways:
        if _succeeds([sys.executable, *way]):
            return
        shutil.rmtree(VENV, ignore_errors=True)
    sys.exit(
        f"{sys.executable} cannot make virtual environments. Install its venv module (on Debian "
        "and Ubuntu: sudo apt-get install python3-venv), or choose another Python: PYTHON=..."
    )


# Fails in an environment that was copied or moved from another folder.
_SAME_PLACE = f"import os, sys; sys.exit(not os.path.samefile(sys.prefix, {str(VENV)!r}))"


def _is_current(files: tuple[Path, ...]) -> bool:
    try:
        return _stamp_path(files).read_text() == _stamp(files)
    except OSError:
        return False


def _stamp(files: tuple[Path, ...]) -> str:
    """Return what an installation depends on: where it is, which Python, which packages."""
    digest = hashlib.sha256("".join(file.read_text() for file in files).encode()).hexdigest()
    version = "{}.{}".format(*sys.version_info)
    return f"{VENV} {version} {digest}\n"


def _stamp_path(files: tuple[Path, ...]) -> Path:
    return VENV / f"{files[-1].stem}.installed"


def _succeeds(command: list[str]) -> bool:
    done = subprocess.run(command, cwd=BASE_DIR, capture_output=True)  # noqa: S603
    return done.returncode == 0


STEPS: dict[str, Callable[[], None]] = {
    "runtime": runtime,
    "redis-server": redis_server,
    "packaged-server": packaged_server,
    "development": development,
    "requirements": requirements,
    "programs": programs,
}

if __name__ == "__main__":
    if sys.version_info < (3, 11):  # noqa: UP036  PYTHON=... may name any
        sys.exit(f"Python 3.11 or later is needed; {sys.executable} is {sys.version.split()[0]}.")
    for step in sys.argv[1:]:
        STEPS[step]()
