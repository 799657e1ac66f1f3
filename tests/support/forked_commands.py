"""Runs many commands under one environment, each in a fork of a process that has loaded Django.

    echo '[["client", "list"], ["doctor"]]' | python -m tests.support.forked_commands

prints a list of [exit status, stdout, stderr]. A fork is as good as a process of its own, and costs
some milliseconds instead of a second. They run side by side, because some wait for a store.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
LONGEST_SECONDS = 300
"""Only a command that hangs takes so long, on whatever machine."""


class Ended(NamedTuple):
    """How a command ended. `stderr` without the lines of the log."""

    status: int
    stdout: str
    stderr: str


def run_commands(
    commands: Sequence[Sequence[str]], environment: Mapping[str, str]
) -> dict[str, Ended]:
    """Run commands of `manage.py`. Returns how each ended, by its words."""
    answer = subprocess.run(
        [sys.executable, "-m", "tests.support.forked_commands"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "LOG_FORMAT": "json", **environment},
        input=json.dumps(commands),
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    results = [Ended(*each) for each in json.loads(answer.stdout)]
    return {" ".join(command): result for command, result in zip(commands, results, strict=True)}


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "authserver.settings"
    import django

    from authserver import command_line
    from oidc.surroundings import EXPLAINED

    with suppress(*EXPLAINED):  # each command meets it again
        django.setup()
        _load_what_commands_load()
    commands: list[list[str]] = json.load(sys.stdin)
    with tempfile.TemporaryDirectory() as folder:
        outputs = [Path(folder, str(number)) for number in range(len(commands))]
        children = [
            _fork(command_line.main, command, output)
            for command, output in zip(commands, outputs, strict=True)
        ]
        statuses = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        answers = [
            (status, _read(output, "out"), _without_log(_read(output, "err")))
            for status, output in zip(statuses, outputs, strict=True)
        ]
    print(json.dumps(answers))


def _load_what_commands_load() -> None:
    """Do once, before the forks, what takes most of a command's time."""
    from django.core.management import get_commands, load_command_class
    from django.urls import get_resolver

    assert get_resolver().url_patterns
    for name, app in get_commands().items():
        if not str(app).startswith("allauth"):
            load_command_class(str(app), name)


def _fork(run: Callable[[Sequence[str]], int], arguments: list[str], output: Path) -> int:
    child = os.fork()
    if child:
        return child
    status = 70
    try:
        for descriptor, end in ((1, "out"), (2, "err")):
            os.dup2(os.open(output.with_suffix(f".{end}"), os.O_WRONLY | os.O_CREAT), descriptor)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        try:
            status = run(["manage.py", *arguments])
        except SystemExit as end_of_program:
            status = int(end_of_program.code or 0)
        except BaseException:
            sys.excepthook(*sys.exc_info())  # as a process of its own would show it
            status = 1
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(status)


def _read(output: Path, end: str) -> str:
    return output.with_suffix(f".{end}").read_text()


def _without_log(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.startswith("{"))


if __name__ == "__main__":
    main()
