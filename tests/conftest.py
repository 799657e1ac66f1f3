"""What holds for every test: a real Redis Cluster, started once for the whole run."""

from __future__ import annotations

import pytest

from oidc import failures
from tests.support.cluster import owned_cluster, remove, remove_abandoned
from tests.support.stack import stack  # noqa: F401  a fixture for every folder
from tests.support.ttl_scan import keys_without_expiry

_KEYS_WITHOUT_EXPIRY = pytest.StashKey[list[str]]()


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Start the cluster in the process that owns it, before any worker exists."""
    cluster = owned_cluster()
    if cluster is not None and not session.config.option.collectonly:
        remove_abandoned()
        cluster.start()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run if any test left a key that would stay for ever."""
    cluster = owned_cluster()
    if cluster is None or session.config.option.collectonly:
        return
    keys = keys_without_expiry(cluster.url)
    session.config.stash[_KEYS_WITHOUT_EXPIRY] = keys
    if keys and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    keys = config.stash.get(_KEYS_WITHOUT_EXPIRY, [])
    if keys:
        terminalreporter.section("keys without a time to live", red=True)
        terminalreporter.write_lines(sorted(keys)[:20])
        terminalreporter.write_line(f"{len(keys)} in all: every key must expire")


def pytest_unconfigure() -> None:
    cluster = owned_cluster()
    if cluster is not None:
        remove(cluster)


@pytest.fixture(autouse=True)
def failure_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each test see its own failures kept, however many others came before in this minute."""
    monkeypatch.setattr(failures, "_budget", failures._Budget())
