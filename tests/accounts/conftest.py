"""People to test with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client

from accounts.models import User
from accounts.people import create_person
from accounts.signals import signed_out_everywhere

PASSWORD = "seven quiet geese"


@pytest.fixture
def alice(db: None) -> User:
    """A person with a verified address."""
    user, _ = create_person(
        "alice",
        "alice@example.org",
        password=PASSWORD,
        claims={"given_name": "Alice", "family_name": "Archer", "email_verified": True},
    )
    return user


@pytest.fixture
def signed_in(client: Client, alice: User) -> Client:
    """A browser in which Alice has signed in with her password."""
    response = client.post("/accounts/login/", {"login": "alice", "password": PASSWORD})
    assert response.status_code == 302
    return client


@pytest.fixture
def signed_out() -> Iterator[list[str]]:
    """The user ids announced as signed out everywhere."""
    announced: list[str] = []

    def receive(*, user_id: str, **_: object) -> None:
        announced.append(user_id)

    signed_out_everywhere.connect(receive)
    yield announced
    signed_out_everywhere.disconnect(receive)
