"""Slow servers of clients do not take all threads of a worker."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from oidc.clients.waiting import SEATS, SEATS_FOR_ONE, a_seat
from oidc.errors import ProtocolError


def assert_full(address: str) -> None:
    with pytest.raises(ProtocolError) as refused, a_seat(address):
        pass
    assert (refused.value.status_code, refused.value.error) == (503, "temporarily_unavailable")
    assert dict(refused.value.headers)["Retry-After"]


def test_one_address_takes_some_places_and_others_have_the_rest() -> None:
    with ExitStack() as waiting:
        for _ in range(SEATS_FOR_ONE):
            waiting.enter_context(a_seat("slow"))
        assert_full("slow")
        for number in range(SEATS - SEATS_FOR_ONE):
            waiting.enter_context(a_seat(f"other {number}"))
        assert_full("yet another")
    with a_seat("slow"):
        pass


def test_a_place_is_free_again_after_a_failure() -> None:
    for _ in range(SEATS_FOR_ONE + 1):
        with pytest.raises(OSError, match="gone"), a_seat("a"):
            raise OSError("gone")
