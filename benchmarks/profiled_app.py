"""Gatehouse's entry point with a profiler that is switched on and off by requests."""

from __future__ import annotations

import cProfile
import time
from collections.abc import Callable, Iterable
from typing import Any

from authserver.wsgi import application as gatehouse
from benchmarks.harness.profiling import BEGIN, END

# CPU time: what waits for Redis, or for the core, costs nothing.
_profiler = cProfile.Profile(time.thread_time)


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    path = environ["PATH_INFO"]
    if path == BEGIN:
        _profiler.enable()
    elif path == END:
        _profiler.disable()
        _profiler.dump_stats(environ["QUERY_STRING"])
    else:
        return gatehouse(environ, start_response)
    start_response("200 OK", [("Content-Length", "0")])
    return [b""]
