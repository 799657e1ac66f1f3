"""Slow servers of clients do not take all threads of a worker, nor the places of other clients."""

from __future__ import annotations

import pytest

from oidc.clients.waiting import DOCUMENTS, KEYS, SEATS, Bulkhead, Tenant, a_seat
from oidc.errors import ProtocolError
from oidc.stores.redis.patience import SEATS as SEATS_AT_NODES
from oidc.waiting_room import THREADS
from tests.support.slow_servers import all_seats_taken

SLOW, OTHER = Tenant("slow"), Tenant("other")
STRANGERS = [Tenant(f"stranger {number}", is_stranger=True) for number in range(100)]
BULKHEADS = pytest.mark.parametrize("bulkhead", [KEYS, DOCUMENTS], ids=["keys", "documents"])


def assert_full(bulkhead: Bulkhead, tenant: Tenant) -> None:
    with pytest.raises(ProtocolError) as refused, a_seat(bulkhead, tenant):
        pass
    assert (refused.value.status_code, refused.value.error) == (503, "temporarily_unavailable")
    assert dict(refused.value.headers)["Retry-After"]


@BULKHEADS
def test_one_client_takes_some_places_and_others_have_the_rest(bulkhead: Bulkhead) -> None:
    with all_seats_taken(bulkhead, SLOW) as held:
        assert held == bulkhead.for_one < bulkhead.seats
        assert_full(bulkhead, SLOW)
        with a_seat(bulkhead, OTHER):
            pass
    with a_seat(bulkhead, SLOW):
        pass


@BULKHEADS
def test_no_number_of_strangers_takes_the_places_of_a_client(bulkhead: Bulkhead) -> None:
    with all_seats_taken(bulkhead, *STRANGERS) as held:
        assert held == bulkhead.for_strangers < bulkhead.seats
        assert_full(bulkhead, STRANGERS[-1])
        with a_seat(bulkhead, OTHER):
            pass


def test_one_stranger_leaves_room_for_another_to_prove_who_it_is() -> None:
    with all_seats_taken(KEYS, STRANGERS[0]), a_seat(KEYS, STRANGERS[1]):
        pass


def test_a_stranger_who_is_turned_away_leaves_nothing_behind() -> None:
    with all_seats_taken(KEYS, SLOW, OTHER):
        for _ in range(KEYS.for_strangers + 1):
            assert_full(KEYS, STRANGERS[0])
    with all_seats_taken(KEYS, *STRANGERS) as held:
        assert held == KEYS.for_strangers


def test_one_purpose_does_not_take_the_places_of_another() -> None:
    with all_seats_taken(DOCUMENTS, SLOW, OTHER, *STRANGERS), a_seat(KEYS, SLOW):
        pass
    with all_seats_taken(KEYS, SLOW, OTHER, *STRANGERS), a_seat(DOCUMENTS, SLOW):
        pass


def test_some_threads_are_left_whatever_is_slow() -> None:
    assert KEYS.seats + DOCUMENTS.seats == SEATS
    assert SEATS + SEATS_AT_NODES < THREADS


@BULKHEADS
def test_a_place_is_free_again_after_a_failure(bulkhead: Bulkhead) -> None:
    for tenant in (SLOW, STRANGERS[0]):
        for _ in range(bulkhead.seats + 1):
            with pytest.raises(OSError, match="gone"), a_seat(bulkhead, tenant):
                raise OSError("gone")
