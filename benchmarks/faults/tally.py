"""What was measured, by setting and fault."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median

from tests.reliability.lab.experiment import Result
from tests.reliability.lab.noticed import (
    arrived_during,
    p99_elsewhere,
    share_answered,
    time_without_service,
)

# Beside each other, so that a figure can be read without the key.
MILLISECONDS = 1000


@dataclass
class Tally:
    """One fault in one setting, over all its strikes."""

    turns: int = 0
    strikes: int = 0
    operations: int = 0
    wrong: int = 0
    without_service: list[float] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)
    """Of the requests that arrived during a strike: the share that got its answer."""
    asked_to_come_back: list[float] = field(default_factory=list)
    before_ms: list[float] = field(default_factory=list)
    """99th percentiles on shards that were not hit: before each strike, and during it."""
    during_ms: list[float] = field(default_factory=list)
    rules: dict[str, int] = field(default_factory=dict)
    unsettled: int = 0
    """Experiments that were given up, because service or the cluster did not come back."""

    def add(self, result: Result) -> None:
        self.strikes += len(result.strikes)
        self.operations += len(result.operations)
        self.wrong += len(result.violations)
        for violation in result.violations:
            self.rules[violation.rule] = self.rules.get(violation.rule, 0) + 1
        for strike in result.strikes:
            self.without_service.append(time_without_service(result, strike))
            answered, later = share_answered(arrived_during(result, strike))
            self.answered.append(answered)
            self.asked_to_come_back.append(later)
            if strike.struck and (p99 := p99_elsewhere(result, strike, strike.struck)):
                self.before_ms.append(p99[0] * MILLISECONDS)
                self.during_ms.append(p99[1] * MILLISECONDS)


@dataclass
class Tallies:
    """All of them, and the file that keeps them from one run to the next."""

    of: dict[str, dict[str, Tally]] = field(default_factory=dict)

    def at(self, setting: str, fault: str) -> Tally:
        return self.of.setdefault(setting, {}).setdefault(fault, Tally())

    @classmethod
    def load(cls, path: Path) -> Tallies:
        if not path.exists():
            return cls()
        kept = json.loads(path.read_text())
        return cls({s: {f: Tally(**t) for f, t in faults.items()} for s, faults in kept.items()})

    def save(self, path: Path) -> None:
        plain = {s: {f: asdict(t) for f, t in faults.items()} for s, faults in self.of.items()}
        path.write_text(json.dumps(plain, indent=1) + "\n")

    def sum(self, of: Callable[[Tally], int]) -> int:
        return sum(of(tally) for faults in self.of.values() for tally in faults.values())


def middle(values: list[float]) -> float:
    return median(values) if values else 0.0
