"""Lets requests arrive at an experiment's server by the clock, and hears the answers."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TextIO

from benchmarks.faults.arrivals import READ, App, Heard, Plan, started
from tests.reliability.lab.client import Client
from tests.reliability.lab.experiment import Experiment
from tests.reliability.lab.history import History, Kind, Operation, Outcome
from tests.support.relying_party import basic


def apps_of(experiment: Experiment) -> list[App]:
    """Return an app for everybody, each with tokens of its own."""
    world = experiment.world
    names = [actor.name for actor in experiment.load.actors]
    return [
        _app(Client(world, person, name), name)
        for person, name in zip(world.people, names, strict=True)
    ]


def _app(client: Client, name: str) -> App:
    _, session = client.sign_in()
    _, code = client.authorize(session, offline=True)
    family = client.redeem(code)[1]
    return App(name, family.access_token, family.refresh_token)


@contextmanager
def arriving(experiment: Experiment, apps: Sequence[App], rate: float) -> Iterator[list[Heard]]:
    """Let requests arrive while the block runs; yields what was heard. After it, that is all."""
    world = experiment.world
    members = ("actor", "access_token", "refresh_token")
    plan = Plan(
        rate,
        int(world.servers[0].rpartition(":")[2]),
        basic(world.web.client_id, world.web.secret or ""),
        [{name: getattr(app, name) for name in members} for app in apps],
    )
    heard: list[Heard] = []
    with started(plan) as load:
        assert load.stdin and load.stdout
        listener = threading.Thread(target=_listen, args=(load.stdout, heard, world.history))
        listener.start()
        try:
            yield heard
        finally:
            load.stdin.close()
            listener.join()
    if load.returncode:
        raise RuntimeError("the load broke off")


def _listen(lines: TextIO, heard: list[Heard], history: History) -> None:
    """Keep each answer, also in the history: faults wait until everybody is served."""
    for line in lines:
        one = Heard(**json.loads(line))
        heard.append(one)
        kind = Kind.READ if one.kind == READ else Kind.REFRESH
        history.add(
            Operation(
                kind, "", one.due, one.ended, _outcome_of(one), status=one.status, actor=one.actor
            )
        )


def _outcome_of(heard: Heard) -> Outcome:
    if heard.is_good:
        return Outcome.DONE
    return Outcome.UNKNOWN if heard.may_come_back else Outcome.WRONG
