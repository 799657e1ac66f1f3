"""`manage.py`, for every command: what is wrong around the program is one sentence, and status 1.

Django's own commands come the same way. `--traceback` shows all of it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from django.core.management import execute_from_command_line

from oidc.surroundings import EXPLAINED, explain

FAILED = 1
INTERRUPTED = 130
"""What a shell reports of a program that Ctrl-C has ended: 128 + SIGINT."""


def main(arguments: Sequence[str]) -> int:
    """Run a command. Returns the exit status; usage errors raise SystemExit as Django has it."""
    try:
        execute_from_command_line(list(arguments))
        sys.stdout.flush()  # here, where a closed pipe is understood
    except BrokenPipeError:
        _forget_stdout()
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    except EXPLAINED as error:
        sentence = explain(error)
        if sentence is None or "--traceback" in arguments:
            raise
        sys.stderr.write(f"{sentence}\n")
        return FAILED
    return 0


def _forget_stdout() -> None:
    """Let nothing be written to a pipe that nobody reads, at the end of the process either."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
