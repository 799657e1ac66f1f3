"""What the connection to the cluster counts, for metrics and for tests.

Plain integers: exact in one thread, close enough among several.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Counters:
    """`round_trips`: packets sent and answered; `retries`: attempts after the first one."""

    round_trips: int = 0
    retries: int = 0


counters = Counters()
