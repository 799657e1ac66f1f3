"""What a cut network delivers late: its caller has given up, and has asked again since."""

from __future__ import annotations

import time

import pytest

from oidc.errors import AlreadyUsed, StoreUnavailable
from tests.stores.people import OpenGrant, Person


@pytest.fixture
def late(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Let commands of codes and grants arrive a second after everybody has given up."""

    def past() -> int:
        return int((time.time() - 1) * 1000)

    for module in ("code_store", "grant_store"):
        monkeypatch.setattr(f"oidc.stores.redis.{module}.awaited_until_ms", past)
    return monkeypatch


def test_a_late_refresh_ends_nothing(person: Person, late: pytest.MonkeyPatch) -> None:
    grant = person.open_grant()
    for generation in (0, 1, 2):
        grant.rotate(generation)
    with pytest.raises(StoreUnavailable):
        grant.rotate(0, "sent long ago")
    late.undo()
    assert grant.rotate(3).generation == 4
    with pytest.raises(AlreadyUsed):
        grant.rotate(0)


def test_a_late_redemption_ends_nothing(person: Person, late: pytest.MonkeyPatch) -> None:
    issued = person.issue(person.sign_in(), offline=True)
    grant = OpenGrant(issued.handle, issued.redeem().grant)
    with pytest.raises(StoreUnavailable):
        issued.redeem("sent long ago")
    late.undo()
    assert grant.find() == grant.grant
    with pytest.raises(AlreadyUsed):
        issued.redeem()
