"""`make run`: everything comes up with one command, heals, and is gone after Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from redis import Redis

from authserver.local.child import Child
from authserver.local.cluster import LocalCluster
from authserver.local.files import FolderInUse, ensure_secret_key, lock_folder
from authserver.local.options import BASE_DIR, BadOptions, Options
from authserver.local.ports import HOST, free_base_port, is_port_free

WAIT_SECONDS = 60.0
# What the run finds out or generates by itself; the tests' own values must not reach it.
CLEARED = (
    "DATABASE_URL", "DJANGO_SETTINGS_MODULE", "EMAIL_URL", "GATEHOUSE_ISSUER", "REDIS_URL",
    "SECRET_KEY",
)  # fmt: skip


def environment_for(local_dir: Path) -> dict[str, str]:
    """Return an environment as of a fresh shell, with ports and a folder of its own."""
    port = free_base_port(2)
    inherited = {name: value for name, value in os.environ.items() if name not in CLEARED}
    return {
        **inherited,
        "GATEHOUSE_LOCAL_DIR": str(local_dir),
        "PORT": str(port),
        "SAMPLE_APP_PORT": str(port + 1),
    }


def launch(environment: dict[str, str], output: Path) -> subprocess.Popen[bytes]:
    with output.open("wb") as file:
        return subprocess.Popen(
            [sys.executable, "-m", "authserver.local"],
            cwd=BASE_DIR,
            env=environment,
            stdout=file,
            stderr=file,
        )


@contextmanager
def running(environment: dict[str, str], output: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run it until its welcome is there; kill it, should a test leave it behind."""
    process = launch(environment, output)
    try:
        wait_for_text(process, output, "with the demo clients")  # the last line
        yield process
    finally:
        process.terminate()
        process.wait(20)


def wait_for_text(process: subprocess.Popen[bytes], output: Path, text: str) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while text not in output.read_text():
        assert process.poll() is None, output.read_text()
        assert time.monotonic() < deadline, output.read_text()
        time.sleep(0.05)


def processes_in(group_leader: int) -> set[int]:
    """Return all descendants of a process."""
    found: set[int] = set()
    parents = {group_leader}
    while parents:
        children = {pid for pid in _all_pids() if _parent(pid) in parents} - found
        found |= children
        parents = children
    return found


def _all_pids() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


@pytest.mark.slow
@pytest.mark.xdist_group("stack")
def test_it_starts_heals_stops_and_finds_its_data_again(tmp_path: Path) -> None:
    local_dir, output = tmp_path / "local", tmp_path / "output"
    environment = environment_for(local_dir)
    issuer = f"http://localhost:{environment['PORT']}"
    with running(environment, output) as run:
        demo = json.loads((local_dir / "demo.json").read_text())
        assert demo["issuer"] == issuer
        assert [user["username"] for user in demo["users"]] == ["alice", "bob", "admin"]
        assert all(client["client_secret"] for client in demo["clients"])
        assert all(user["password"] in output.read_text() for user in demo["users"])
        metadata = requests.get(f"{issuer}/.well-known/openid-configuration", timeout=5).json()
        assert metadata["issuer"] == issuer
        assert requests.get(f"http://localhost:{environment['SAMPLE_APP_PORT']}", timeout=5).ok

        killed = LocalCluster(local_dir / "cluster").nodes()[0]
        killed.kill()
        wait_for_text(run, output, f"The Redis node on port {killed.port} had died")

        everything = processes_in(run.pid)
        assert len(everything) >= 8  # six nodes, the server, the sample app
        asked_at = time.monotonic()
        run.send_signal(signal.SIGINT)
        assert run.wait(20) == 0
        assert time.monotonic() - asked_at < 8
        assert not everything & set(_all_pids())

    with running(environment, tmp_path / "second") as run:
        assert json.loads((local_dir / "demo.json").read_text()) == demo
        everything = processes_in(run.pid)
        run.kill()
        run.wait()
        deadline = time.monotonic() + 20
        while everything & set(_all_pids()):  # the kernel told them
            assert time.monotonic() < deadline
            time.sleep(0.05)


@pytest.mark.parametrize("variable", ["PORT", "SAMPLE_APP_PORT"])
def test_a_busy_port_is_named_with_the_variable_that_changes_it(
    variable: str, tmp_path: Path
) -> None:
    environment = environment_for(tmp_path / "local")
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind((HOST, int(environment[variable])))
        other.listen()
        run = launch(environment, tmp_path / "output")
        assert run.wait(20) == 1
    output = (tmp_path / "output").read_text()
    assert f"Port {environment[variable]} is in use" in output
    assert f" {variable}=" in output


def test_a_second_run_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    with lock_folder(tmp_path):
        run = launch(environment_for(tmp_path), tmp_path / "output")
        assert run.wait(20) == 1
    assert f"already (process {os.getpid()})" in (tmp_path / "output").read_text()


def test_the_lock_ends_with_its_owner(tmp_path: Path) -> None:
    with lock_folder(tmp_path), pytest.raises(FolderInUse):
        lock_folder(tmp_path)
    lock_folder(tmp_path).close()


def test_a_child_that_ignores_the_request_to_stop_is_killed_with_its_own(tmp_path: Path) -> None:
    program = (
        "import signal, subprocess, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(30)']);"
        "open('ready', 'w').close(); signal.pause()"
    )
    child = Child("stubborn", [sys.executable, "-c", program], os.environ, tmp_path)
    child.start()
    deadline = time.monotonic() + 20
    while not (tmp_path / "ready").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    family = {pid for pid in processes_in(os.getpid()) if _works_in(pid, tmp_path)}
    assert len(family) == 2
    child.ask_to_stop()
    child.stop(time.monotonic() + 0.2)
    while any(_works_in(pid, tmp_path) for pid in family):  # the kernel is taking them down
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _works_in(pid: int, directory: Path) -> bool:
    try:
        return Path(f"/proc/{pid}/cwd").readlink() == directory
    except OSError:
        return False


def test_secrets_are_for_their_owner_only(tmp_path: Path) -> None:
    ensure_secret_key(tmp_path)
    path = tmp_path / "secret_key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    secret = path.read_text()
    ensure_secret_key(tmp_path)
    assert path.read_text() == secret
    assert len(secret) >= 64


def test_the_issuer_follows_the_port() -> None:
    assert Options.from_environment({"PORT": "8123"}).issuer == "http://localhost:8123"
    given = Options.from_environment({"PORT": "8123", "GATEHOUSE_ISSUER": "https://id.example"})
    assert given.issuer == "https://id.example"


@pytest.mark.parametrize("value", ["no", "0", "65536", "-1", "80 "])
def test_a_port_that_is_none_is_named(value: str) -> None:
    with pytest.raises(BadOptions, match="PORT="):
        Options.from_environment({"PORT": value})


def test_an_issuer_that_cannot_be_one_is_refused_before_anything_starts() -> None:
    with pytest.raises(BadOptions, match="must begin with https"):
        Options.from_environment({"GATEHOUSE_ISSUER": "http://id.example"})


def test_both_ports_must_differ() -> None:
    with pytest.raises(BadOptions, match="must differ"):
        Options.from_environment({"PORT": "8001"})


@pytest.mark.slow
def test_the_cluster_can_be_used_alone(tmp_path: Path) -> None:
    environment = environment_for(tmp_path)

    def local_cluster(*arguments: str) -> dict[str, object]:
        command = [sys.executable, "manage.py", "local_cluster", *arguments, "--json"]
        done = subprocess.run(
            command, cwd=BASE_DIR, env=environment, capture_output=True, text=True, check=True
        )
        return json.loads(done.stdout)

    try:
        up = local_cluster("up", "--masters", "1", "--replicas", "0")
        assert up["state"] == "ok"
        (node,) = up["nodes"]
        assert Redis(HOST, node["port"]).ping()
        assert local_cluster("status")["nodes"][0]["pid"] == node["pid"]
    finally:
        down = local_cluster("down")
    assert down["state"] == "stopped"
    assert is_port_free(node["port"])
