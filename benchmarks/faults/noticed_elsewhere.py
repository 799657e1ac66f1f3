"""What an open-loop load noticed of one fault: those who were struck, and all others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import quantiles

from benchmarks.faults.arrivals import Heard

CALM_SECONDS = 5.0
"""How long before a strike is calm."""
HEADER = (
    "| what happens | requests a second | requests of others | p50: calm, during "
    "| p99: calm, during | p99 of how late the load sent: calm, during | worst: calm, during "
    "| over the calm p99 | others: answered, 503, else | struck: answered, 503, else |"
)
"""How late the load sent is no doing of the server: it waits for no answer, just for a core."""
RULE = "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
_MILLISECONDS = 1000


@dataclass
class Noticed:
    """All that came over the strikes of one fault."""

    calm: list[Heard] = field(default_factory=list)
    others: list[Heard] = field(default_factory=list)
    struck: list[Heard] = field(default_factory=list)

    def take(
        self, heard: Sequence[Heard], struck: frozenset[str], started: float, ended: float
    ) -> None:
        """Take one strike into account; it lasted until everybody was served again."""
        for one in heard:
            if started <= one.due <= ended:
                (self.struck if one.actor in struck else self.others).append(one)
            elif started - CALM_SECONDS < one.due < started and one.actor not in struck:
                self.calm.append(one)

    @property
    def wrong(self) -> int:
        """Answers that nobody may get: neither what was asked for, nor when to come back."""
        return _else([*self.calm, *self.others, *self.struck])

    def row(self) -> str:
        calm, during = _times(self.calm), _times(self.others)
        p99 = _percentile(calm, 99)
        over = sum(time > p99 for time in during) / len(during)
        pairs = [
            (_percentile(calm, 50), _percentile(during, 50)),
            (p99, _percentile(during, 99)),
            (_percentile(_lateness(self.calm), 99), _percentile(_lateness(self.others), 99)),
            (max(calm), max(during)),
        ]
        return " | ".join(
            [
                f"{len(during):,}",
                *(f"{before:.0f} ms, {then:.0f} ms" for before, then in pairs),
                f"{over:.1%}",
                _shares(self.others),
                _shares(self.struck),
            ]
        )


def _times(heard: Sequence[Heard]) -> list[float]:
    return [_MILLISECONDS * (one.ended - one.due) for one in heard]


def _lateness(heard: Sequence[Heard]) -> list[float]:
    return [_MILLISECONDS * (one.sent - one.due) for one in heard]


def _percentile(times: Sequence[float], percent: int) -> float:
    return quantiles(times, n=100)[percent - 1]


def _shares(heard: Sequence[Heard]) -> str:
    good, later = sum(one.is_good for one in heard), sum(one.may_come_back for one in heard)
    count = max(len(heard), 1)
    return f"{good / count:.1%}, {later / count:.1%}, {_else(heard)}"


def _else(heard: Sequence[Heard]) -> int:
    return sum(not one.is_good and not one.may_come_back for one in heard)
