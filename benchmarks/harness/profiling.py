"""Paths that switch the profiler of a server on and off. `END` takes a file as its query."""

BEGIN, END = "/profile/begin", "/profile/end"
