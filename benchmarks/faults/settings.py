"""What is compared."""

from __future__ import annotations

from dataclasses import dataclass

from tests.reliability.lab.experiment import Setting


@dataclass(frozen=True)
class Compared:
    """A setting, and how a reader knows it."""

    title: str
    replicas: int
    wait: int

    def setting(self, *, partitioned: bool = False) -> Setting:
        return Setting(3, self.replicas, self.wait, partitioned=partitioned)


PRODUCTION = "two-replicas"
SETTINGS = {
    PRODUCTION: Compared("Two replicas for each master, one confirms (production)", 2, 1),
    "one-replica": Compared("One replica for each master, and it confirms", 1, 1),
    "no-wait": Compared("One replica for each master, nobody confirms (`WAIT` off)", 1, 0),
}
