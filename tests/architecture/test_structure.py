"""The house keeps its shape: every door labelled, nothing left lying about.

Which module may import which is the import rules' affair (`pyproject.toml`).
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from oidc.endpoints.metadata import provider_metadata
from oidc.urls import ENDPOINTS

ROOT = Path(__file__).resolve().parents[2]
EXPLAINED_AS_A_WHOLE = (
    "oidc/clients/authentication/",  # each module is a `Method`
    "oidc/stores/redis/keys.py",  # names of keys
    "oidc/stores/redis/packing.py",  # records to bytes and back
)
SOURCES = [
    path
    for package in ("oidc", "accounts", "authserver")
    for path in sorted((ROOT / package).rglob("*.py"))
    if "migrations" not in path.parts
]


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_import_rules_hold() -> None:
    """`make check` runs the same; here they fail with the tests, too."""
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def _definitions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.ClassDef]:
    """Yield public functions and classes."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node


def test_everything_public_in_the_protocol_says_what_it_is_for() -> None:
    silent = []
    for path in SOURCES:
        if not name_of(path).startswith("oidc/"):
            continue
        tree = ast.parse(path.read_text())
        if tree.body and not ast.get_docstring(tree):
            silent.append(name_of(path))
        for node in _definitions(tree):
            if not ast.get_docstring(node) and not _explains_itself(path, node):
                silent.append(f"{name_of(path)}: {node.name}")
    assert silent == []


def _explains_itself(path: Path, node: ast.FunctionDef | ast.ClassDef) -> bool:
    """Tell whether something is described elsewhere: by its protocol, or by Django."""
    if isinstance(node, ast.ClassDef):
        return node.name in ("Command", "OidcConfig")
    return name_of(path).startswith(EXPLAINED_AS_A_WHOLE)


@pytest.mark.parametrize(
    "pattern",
    [r"(?<![.\w])print\(", r"\b(TODO|FIXME|XXX)\b", r"\bbreakpoint\(", r"\bpdb\b"],
)
def test_nothing_is_left_lying_about(pattern: str) -> None:
    found = [
        f"{name_of(path)}:{number}"
        for path in SOURCES
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if re.search(pattern, line) and "authserver/local/" not in name_of(path)
    ]
    assert found == []


def test_nobody_catches_everything() -> None:
    """But the wrapper around the endpoints, where a defect gets its reference id, and threads that
    have nobody to raise it to: the writer of events, and those who look at the cluster.

    Cleaning up and raising again is fine.
    """
    broad = [
        name_of(path)
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ExceptHandler)
        and not isinstance(node.body[-1], ast.Raise)
        and (node.type is None or getattr(node.type, "id", "") in ("Exception", "BaseException"))
    ]
    assert sorted(broad) == [
        "oidc/doors/wrapper.py",
        "oidc/events.py",
        "oidc/stores/redis/commands.py",
        "oidc/stores/redis/topology.py",
    ]


@pytest.mark.parametrize(
    "splitter", ["urlsplit", "urlparse", "urljoin", "urldefrag", "SplitResult", "ParseResult"]
)
def test_urls_are_taken_apart_where_the_failure_of_it_is_handled(splitter: str) -> None:
    """Bare, they raise ValueError for `app://[`, and once more when somebody reads `port`."""
    users = {
        name_of(path)
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if splitter
        in (
            getattr(node, "id", ""),
            getattr(node, "attr", ""),
            *(alias.name for alias in getattr(node, "names", ()) if isinstance(alias, ast.alias)),
        )
    }
    assert users <= {"accounts/split_url.py"}


def test_only_the_settings_read_the_environment() -> None:
    readers = {
        name_of(path)
        for path in SOURCES
        if re.search(r"\bos\.environ\b|\bgetenv\(|\benviron\.Env\b", path.read_text())
    }
    local = {name for name in readers if name.startswith("authserver/local/")}
    # The entry point names the settings; the metrics look where prometheus_client looks, and what
    # is made for the server's own numbers where the server looks.
    others = {"authserver/wsgi.py", "authserver/health.py", "authserver/serving.py"}
    assert readers - local - others == {"authserver/environment.py"}
    users = {name_of(path) for path in SOURCES if "authserver.environment" in path.read_text()}
    assert users == {"authserver/settings.py"}


def test_every_endpoint_is_in_the_metadata(settings: Any) -> None:
    switched_on = {"registration": "open", "global_token_revocation_clients": ("a-client",)}
    settings.GATEHOUSE = {**settings.GATEHOUSE, **switched_on}
    metadata = provider_metadata()
    named = {value for value in metadata.values() if isinstance(value, str)}
    for endpoint in ENDPOINTS:
        if endpoint.name != "metadata":
            assert metadata["issuer"] + endpoint.path.removesuffix("/") in named


def test_a_path_ends_with_a_slash_only_below_another_endpoint() -> None:
    paths = {endpoint.path for endpoint in ENDPOINTS}
    assert {path.removesuffix("/") for path in paths} <= paths


def test_endpoints_are_told_apart() -> None:
    assert len({endpoint.path for endpoint in ENDPOINTS}) == len(ENDPOINTS)
