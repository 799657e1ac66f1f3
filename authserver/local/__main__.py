"""`python -m authserver.local`: what `make run` starts."""

from __future__ import annotations

import argparse
import signal
import sys
from types import FrameType

from authserver.local.cluster import ClusterError
from authserver.local.files import FolderInUse, lock_folder
from authserver.local.formation import ClusterNotReady
from authserver.local.node import NodeFailed
from authserver.local.options import BadOptions, Options
from authserver.local.parent import end_with_parent_process
from authserver.local.server_binary import NoServerBinary
from authserver.local.supervisor import RunFailed, Supervisor
from authserver.local.welcome import say, welcome
from oidc.surroundings import EXPLAINED, explain

_PROBLEMS = (
    BadOptions, ClusterError, ClusterNotReady, FolderInUse, NodeFailed, NoServerBinary, RunFailed,
)  # fmt: skip


def main() -> int:
    """Run until Ctrl-C, SIGTERM or SIGHUP. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m authserver.local", description=__doc__)
    parser.add_argument(
        "--end-with-parent",
        action="store_true",
        help="stop everything if the program that started this one dies",
    )
    if parser.parse_args().end_with_parent:
        end_with_parent_process()
    # SIGINT too: a shell starts what it puts in the background with SIGINT ignored.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        options = Options.from_environment()
        with lock_folder(options.local_dir):
            _run(options)
    except KeyboardInterrupt:
        return 0
    except _PROBLEMS as problem:
        say(str(problem))
        return 1
    except EXPLAINED as error:
        sentence = explain(error)
        if sentence is None:
            raise
        say(sentence)
        return 1
    return 0


def _run(options: Options) -> None:
    supervisor = Supervisor(options)
    try:
        supervisor.start()
        welcome(options)
        supervisor.watch()
    finally:
        _finish(supervisor)


def _finish(supervisor: Supervisor) -> None:
    """Stop everything. A second Ctrl-C does not interrupt that; it takes seconds at most."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    say("\nStopping ...")
    supervisor.stop()


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
