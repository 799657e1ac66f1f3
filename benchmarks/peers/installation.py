"""Installs the peers under `.local/bench/`, once, with the versions that are pinned here."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.server import ROOT

HERE = Path(__file__).parent
FOLDER = ROOT / ".local" / "bench"
NODE_FOLDER, DJANGO_FOLDER = FOLDER / "node", FOLDER / "django"
DJANGO_PYTHON = DJANGO_FOLDER / "bin" / "python"
LEAST_NODE = 20


class NotInstalled(RuntimeError):
    """A peer cannot run here. The text says why."""


def install_node_packages() -> None:
    """Install node-oidc-provider and what it needs, as `package-lock.json` pins it.

    Raises:
        NotInstalled: no Node.js, or packages that cannot be fetched.
    """
    npm, node = shutil.which("npm"), shutil.which("node")
    if not npm or not node:
        raise NotInstalled("Node.js and npm are not installed (Debian's packages nodejs and npm)")
    version = subprocess.run([node, "--version"], capture_output=True, text=True).stdout.strip()
    if int(version.lstrip("v").partition(".")[0] or 0) < LEAST_NODE:
        raise NotInstalled(f"Node.js {LEAST_NODE} or later is needed, this is {version}")
    files = [HERE / "node" / name for name in ("package.json", "package-lock.json")]
    if _is_current(NODE_FOLDER, files):
        return
    NODE_FOLDER.mkdir(parents=True, exist_ok=True)
    for file in files:
        shutil.copy(file, NODE_FOLDER)
    _run([npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"], NODE_FOLDER)
    _remember(NODE_FOLDER, files)


def install_django_packages() -> None:
    """Install the Django peers into a virtual environment of their own.

    Raises:
        NotInstalled: packages that cannot be fetched.
    """
    files = [HERE / "requirements.txt"]
    if _is_current(DJANGO_FOLDER, files):
        return
    shutil.rmtree(DJANGO_FOLDER, ignore_errors=True)
    DJANGO_FOLDER.parent.mkdir(parents=True, exist_ok=True)
    _run([sys.executable, "-m", "venv", str(DJANGO_FOLDER)], ROOT)
    pip = [str(DJANGO_PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run([*pip, "--require-hashes", "-r", str(files[0])], ROOT)
    _remember(DJANGO_FOLDER, files)


def _run(command: list[str], directory: Path) -> None:
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True)
    if done.returncode:
        raise NotInstalled(f"{' '.join(command[:4])} failed: {done.stderr.strip()[-500:]}")


def _is_current(folder: Path, files: list[Path]) -> bool:
    stamp = folder / "installed"
    return stamp.exists() and stamp.read_text() == _digest(files)


def _remember(folder: Path, files: list[Path]) -> None:
    (folder / "installed").write_text(_digest(files))


def _digest(files: list[Path]) -> str:
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
