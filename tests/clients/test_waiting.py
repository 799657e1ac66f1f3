"""Slow servers of clients do not take all threads of a worker."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from oidc.clients.waiting import MOST_FOR_ONE, MOST_IN_ALL, Places
from oidc.errors import ProtocolError


def assert_full(places: Places, address: str) -> None:
    with pytest.raises(ProtocolError) as refused, places.place(address):
        pass
    assert (refused.value.status_code, refused.value.error) == (503, "temporarily_unavailable")
    assert dict(refused.value.headers)["Retry-After"]


def test_one_address_takes_some_places_and_others_have_the_rest() -> None:
    places = Places()
    with ExitStack() as waiting:
        for _ in range(MOST_FOR_ONE):
            waiting.enter_context(places.place("slow"))
        assert_full(places, "slow")
        for number in range(MOST_IN_ALL - MOST_FOR_ONE):
            waiting.enter_context(places.place(f"other {number}"))
        assert_full(places, "yet another")
    with places.place("slow"):
        pass


def test_a_place_is_free_again_after_a_failure() -> None:
    places = Places()
    for _ in range(MOST_FOR_ONE + 1):
        with pytest.raises(OSError, match="gone"), places.place("a"):
            raise OSError("gone")
