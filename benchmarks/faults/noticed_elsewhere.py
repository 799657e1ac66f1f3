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
    "| p99: calm, during | worst: calm, during | over the calm p99 | others: answered, 503, else "
    "| struck: answered, 503, else |"
)
RULE = "|---|--:|--:|--:|--:|--:|--:|--:|--:|"
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
        calm_at, during_at = quantiles(calm, n=100), quantiles(during, n=100)
        over = sum(time > calm_at[98] for time in during) / len(during)
        pairs = [
            (calm_at[49], during_at[49]),
            (calm_at[98], during_at[98]),
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

    def lateness(self) -> str:
        """Say how late the load itself was: the share of the machine in the times."""
        late = [_MILLISECONDS * (one.sent - one.due) for one in self.others]
        return f"{quantiles(late, n=100)[98]:.1f} ms, at worst {max(late):.0f} ms"


def _times(heard: Sequence[Heard]) -> list[float]:
    return [_MILLISECONDS * (one.ended - one.due) for one in heard]


def _shares(heard: Sequence[Heard]) -> str:
    good, later = sum(one.is_good for one in heard), sum(one.may_come_back for one in heard)
    count = max(len(heard), 1)
    return f"{good / count:.1%}, {later / count:.1%}, {_else(heard)}"


def _else(heard: Sequence[Heard]) -> int:
    return sum(not one.is_good and not one.may_come_back for one in heard)
