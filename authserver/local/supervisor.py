"""Runs everything of a local installation, and stops everything it started."""

from __future__ import annotations

import http.client
import os
import shutil
import sys
import time
from collections import deque

from accounts.split_url import split_url
from authserver.local.child import Child
from authserver.local.cluster import LocalCluster
from authserver.local.files import ensure_secret_key
from authserver.local.options import BASE_DIR, Options
from authserver.local.ports import HOST, is_port_free
from authserver.local.welcome import say
from authserver.serving import granian_command

READY_SECONDS = 60.0
STOP_SECONDS = 5.0
MOST_WORKERS = 4
_POLL_SECONDS = 0.2
_RESTART_LIMIT, _RESTART_WINDOW_SECONDS = 3, 30.0


class RunFailed(Exception):
    """The run cannot go on. The text says why, and what to do."""


class Supervisor:
    """The cluster, and the servers that use it."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._cluster = (
            None if options.redis_url else LocalCluster(options.cluster_dir, end_with_parent=True)
        )
        self._children: list[Child] = []
        self._restarts: dict[str, deque[float]] = {}

    # --- Start ------------------------------------------------------------------------------

    def start(self) -> None:
        """Bring everything up; returns when a browser would see it.

        What can wait for nothing starts first: while the nodes of the cluster get to know each
        other, the database is brought up to date and the servers load their code.

        Raises:
            RunFailed: as its text says.
        """
        self._check_ports()
        if not self._options.secret_key_given:
            ensure_secret_key(self._options.local_dir)
        if self._cluster is not None:
            self._cluster.launch()
            if not self._options.demo_path.exists():
                self._cluster.wait_until_ready()
        self._prepare_database()
        for child in self._servers():
            self._children.append(child)
            child.start()
        if self._cluster is not None:
            self._cluster.wait_until_ready()
        self._wait_for(self._options.port, f"{self._options.issuer}/health/ready")
        self._wait_for(self._options.sample_app_port, f"{self._options.sample_app_url}/")

    def _check_ports(self) -> None:
        for variable, port in (
            ("PORT", self._options.port),
            ("SAMPLE_APP_PORT", self._options.sample_app_port),
        ):
            if not is_port_free(port):
                raise RunFailed(
                    f"Port {port} is in use by another program. Stop that program, or choose "
                    f"another port: {variable}={port + 10} make run"
                )

    def _prepare_database(self) -> None:
        preparation = self._child("preparation of the database", "manage.py", "prepare_local")
        self._children.append(preparation)
        preparation.start()
        if preparation.wait() != 0:
            raise RunFailed("The database could not be prepared; the reason stands above.")
        self._children.remove(preparation)

    def _servers(self) -> list[Child]:
        metrics_dir = self._options.local_dir / "metrics"
        shutil.rmtree(metrics_dir, ignore_errors=True)  # counts of processes that are gone
        metrics_dir.mkdir()
        workers = min(os.cpu_count() or 1, MOST_WORKERS)
        server = self._child(
            "server",
            *granian_command(HOST, self._options.port, workers)[1:],
            *("--respawn-failed-workers", "--workers-kill-timeout", "3"),
            # Of its warnings there is one, on small machines: that threads are more than cores.
            *("--log-level", "error", "authserver.wsgi:application"),
            PROMETHEUS_MULTIPROC_DIR=str(metrics_dir),
        )
        sample_app = self._child("sample app", "examples/sample_app/app.py")
        return [server, sample_app, *self._housekeeping()]

    def _housekeeping(self) -> list[Child]:
        there = any(BASE_DIR.glob("*/management/commands/worker.py"))
        return [self._child("worker", "manage.py", "worker")] if there else []

    def _child(self, name: str, *arguments: str, **more: str) -> Child:
        """Return a Python program that finds this installation through its environment."""
        redis_url = self._options.redis_url or (self._cluster.url if self._cluster else "")
        environment = {
            **os.environ,
            # Apps under development are on this machine: their keys, and what hears of sign-outs.
            "GATEHOUSE_FETCH_PRIVATE_ADDRESSES": os.environ.get(
                "GATEHOUSE_FETCH_PRIVATE_ADDRESSES", "true"
            ),
            "GATEHOUSE_ISSUER": self._options.issuer,
            "GATEHOUSE_LOCAL_DIR": str(self._options.local_dir),
            "REDIS_URL": redis_url,
            "SAMPLE_APP_PORT": str(self._options.sample_app_port),
            "PYTHONUNBUFFERED": "1",
            # Static files come straight from the packages here; nobody collects them.
            "PYTHONWARNINGS": "ignore:No directory at",
            **more,
        }
        return Child(name, [sys.executable, *arguments], environment, BASE_DIR)

    def _wait_for(self, port: int, url: str) -> None:
        """Wait until a server answers on this machine as it would be asked by its public URL."""
        deadline = time.monotonic() + READY_SECONDS
        answer = "nothing"
        while time.monotonic() < deadline:
            for child in self._children:
                if child.exit_status() is not None:
                    raise RunFailed(f"The {child.name} did not start; the reason stands above.")
            answer = _get(port, url)
            if answer == "200":
                return
            time.sleep(_POLL_SECONDS)
        raise RunFailed(f"{url} answers {answer} after {READY_SECONDS:.0f} s.")

    # --- Watch ------------------------------------------------------------------------------

    def watch(self) -> None:
        """Restart what dies, until an exception (or Ctrl-C) ends it.

        Raises:
            RunFailed, ClusterError: something dies again and again.
        """
        while True:
            for child in self._children:
                status = child.exit_status()
                if status is not None:
                    self._restart(child, status)
            if self._cluster is not None:
                for node in self._cluster.restart_dead_nodes():
                    say(f"The Redis node on port {node.port} had died and was started again.")
            time.sleep(_POLL_SECONDS)

    def _restart(self, child: Child, status: int) -> None:
        how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
        restarts = self._restarts.setdefault(child.name, deque(maxlen=_RESTART_LIMIT))
        now = time.monotonic()
        if len(restarts) == _RESTART_LIMIT and now - restarts[0] < _RESTART_WINDOW_SECONDS:
            raise RunFailed(f"The {child.name} {how}, again and again.")
        restarts.append(now)
        say(f"The {child.name} {how} and is started again.")
        child.stop(deadline=0)  # what it left behind would keep its port
        child.start()

    # --- Stop -------------------------------------------------------------------------------

    def stop(self) -> None:
        """Stop the servers, then what they need. Nothing survives, whether it obeys or not."""
        for child in self._children:
            child.ask_to_stop()
        deadline = time.monotonic() + STOP_SECONDS
        for child in self._children:
            child.stop(deadline)
        if self._cluster is not None:
            self._cluster.stop()


def _get(port: int, url: str) -> str:
    """Return the status of an answer, or what went wrong."""
    address = split_url(url)
    # Not urllib: a proxy from the environment would be asked for our own address.
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", address.path, headers={"Host": address.netloc})
        return str(connection.getresponse().status)
    except OSError as error:
        return str(error)
    finally:
        connection.close()
