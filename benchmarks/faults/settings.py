"""What is compared."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tests.reliability.lab.experiment import ALL, Setting
from tests.reliability.lab.pace import FULL


@dataclass(frozen=True)
class Compared:
    """A setting, and how a reader knows it. `away_seconds`: how long all nodes are gone."""

    title: str
    replicas: int
    wait: int
    away_seconds: float = FULL.away_seconds

    def setting(self) -> Setting:
        pace = replace(FULL, away_seconds=self.away_seconds)
        return Setting(3, self.replicas, self.wait, pace=pace)


PROMISED = "two-replicas-all"
SETTINGS = {
    PROMISED: Compared("Two replicas for each master, all confirm", 2, ALL, away_seconds=120),
    "two-replicas": Compared("Two replicas for each master, one confirms", 2, 1),
    "one-replica": Compared("One replica for each master, and it confirms", 1, 1),
    "no-wait": Compared("One replica for each master, nobody confirms (`WAIT` off)", 1, 0),
}
