"""How long a load and its faults take their time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Pace:
    """`warm_up`: answers that everybody gets before and after a strike.

    `slots`: how many move. `hanging_seconds`: how long replicas hang; longer than the grace of a
    refresh token, ten seconds, is harder. `away_seconds`: how long all nodes are gone.
    `changes_server`: an upgrade is one from Redis to Valkey, where both are there.
    """

    warm_up: int
    slots: int
    hanging_seconds: float
    away_seconds: float
    changes_server: bool


SHORT = Pace(warm_up=4, slots=150, hanging_seconds=1.5, away_seconds=1.0, changes_server=False)
FULL = Pace(warm_up=75, slots=1000, hanging_seconds=12.0, away_seconds=3.0, changes_server=True)
"""For measuring: calm for long enough to know how long requests take then."""
