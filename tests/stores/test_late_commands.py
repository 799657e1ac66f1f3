"""What a cut network delivers late: its caller has given up, and has asked again since."""

from __future__ import annotations

import time

import pytest

from oidc.errors import AlreadyUsed, NotFound, StoreUnavailable
from tests.stores.people import OpenGrant, Person


def send(monkeypatch: pytest.MonkeyPatch, seconds_ago: float) -> None:
    """Let commands of codes and grants look as if they had been on their way for so long."""

    def then() -> int:
        return int((time.time() - seconds_ago) * 1000)

    for module in ("code_store", "grant_store"):
        monkeypatch.setattr(f"oidc.stores.redis.{module}.sent_at_ms", then)


def test_a_late_refresh_ends_nothing(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    grant = person.open_grant()
    for generation in (0, 1, 2):
        grant.rotate(generation)
    send(monkeypatch, seconds_ago=2)
    with pytest.raises(StoreUnavailable):
        grant.rotate(0, "sent before the others")
    send(monkeypatch, seconds_ago=0)
    assert grant.rotate(3).generation == 4
    with pytest.raises(AlreadyUsed):
        grant.rotate(0)


def test_a_late_redemption_ends_nothing(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    issued = person.issue(person.sign_in(), offline=True)
    grant = OpenGrant(issued.handle, issued.redeem().grant)
    send(monkeypatch, seconds_ago=2)
    with pytest.raises(StoreUnavailable):
        issued.redeem("sent before the other")
    assert grant.find() == grant.grant
    send(monkeypatch, seconds_ago=0.5)  # at the same time, as a thief would
    with pytest.raises(AlreadyUsed):
        issued.redeem()
    with pytest.raises(NotFound):
        grant.find()
