"""The documentation says what is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from authserver.serving import granian_command
from oidc.waiting_room import THREADS

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted(
    {
        path
        for pattern in ("*.md", "*/README.md", "docs/*.md", "examples/*/README.md")
        for path in ROOT.glob(pattern)
        if not path.relative_to(ROOT).parts[0].startswith(".")
    }
)
LINK = re.compile(r"\]\(([^)\s]+)\)|src=\"([^\"]+)\"")


def _variables_read(path: Path) -> set[str]:
    """Return the names that a module reads with `env.<type>("NAME", ...)`."""
    return {
        call.args[0].value
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == "env"
        and isinstance(call.args[0], ast.Constant)
    }


def test_every_environment_variable_is_documented_and_no_other() -> None:
    rows = re.findall(r"^\| `([A-Z_]+)`", (ROOT / "docs/configuration.md").read_text(), re.M)
    of_the_local_run = {"PORT", "SAMPLE_APP_PORT", "REDIS_SERVER"}
    assert set(rows) == _variables_read(ROOT / "authserver/settings.py") | of_the_local_run


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    targets = [first or second for first, second in LINK.findall(document.read_text())]
    local = [target for target in targets if "://" not in target]
    missing = [each for each in local if not (document.parent / each.partition("#")[0]).exists()]
    assert missing == []


@pytest.mark.parametrize("document", ["docs/architecture.md", "CONTRIBUTING.md"])
def test_files_that_are_named_exist(document: str) -> None:
    text = (ROOT / document).read_text()
    named = {
        name.partition("::")[0]
        for name in re.findall(r"`((?:authserver|accounts|oidc|tests|docs)/[\w./:]*)`", text)
    }
    assert named
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_conformance_names_every_protocol_test_and_none_that_is_gone() -> None:
    text = (ROOT / "docs/conformance.md").read_text()
    named = set(re.findall(r"`(\w+/test_\w+\.py)`", text))
    there = {f"protocol/{path.name}" for path in (ROOT / "tests/protocol").glob("test_*.py")}
    assert there <= named
    assert [name for name in sorted(named) if not (ROOT / "tests" / name).exists()] == []


def test_production_is_started_as_a_local_installation_is() -> None:
    text = " ".join((ROOT / "deploy/README.md").read_text().replace("\\\n", " ").split())
    options = granian_command("0.0.0.0", 8000, 4)[3:]
    for option in " ".join(options).replace(" --", "\n--").splitlines():
        assert option == "--no-ws" or f" {option} " in text, option
    assert THREADS == 12
    assert "Twelve requests at a time" in text
