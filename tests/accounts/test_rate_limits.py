"""Guessing is slow, whoever guesses."""

from __future__ import annotations

import uuid

import pytest
from django.conf import LazySettings
from django.test import Client

from accounts.models import User

from .conftest import PASSWORD


@pytest.fixture(autouse=True)
def limits(settings: LazySettings) -> None:
    settings.ACCOUNT_RATE_LIMITS = {}


@pytest.fixture
def address() -> str:
    """A /64 of this test's own: the limits count by it, and live in the shared cluster."""
    groups = uuid.uuid4().hex
    return f"fd00:{groups[:4]}:{groups[4:8]}:{groups[8:12]}::1"


def guess(client: Client, address: str, login: str, password: str = "wrong") -> object:
    return client.post(
        "/accounts/login/", {"login": login, "password": password}, REMOTE_ADDR=address
    )


def test_five_wrong_passwords_close_a_name_for_a_while(
    client: Client, db: None, address: str
) -> None:
    name = f"alice-{uuid.uuid4().hex}"
    User.objects.create_user(name, password=PASSWORD)
    for _ in range(5):
        assert "do not go together" in guess(client, address, name).content.decode()

    response = guess(client, address, name, PASSWORD)

    assert response.status_code == 200
    assert "Too many attempts" in response.content.decode()


def test_a_name_that_nobody_has_closes_just_the_same(
    client: Client, db: None, address: str
) -> None:
    name = f"nobody-{uuid.uuid4().hex}"
    for _ in range(5):
        assert "do not go together" in guess(client, address, name).content.decode()
    assert "Too many attempts" in guess(client, address, name).content.decode()


def test_right_passwords_do_not_use_the_limit_up(client: Client, db: None, address: str) -> None:
    name = f"alice-{uuid.uuid4().hex}"
    User.objects.create_user(name, password=PASSWORD)
    for _ in range(7):
        assert guess(Client(), address, name, PASSWORD).status_code == 302


def test_one_address_meets_a_429(client: Client, db: None, address: str) -> None:
    for _ in range(30):
        assert client.post("/accounts/login/", REMOTE_ADDR=address).status_code == 200

    page = client.post("/accounts/login/", REMOTE_ADDR=address)

    assert page.status_code == 429
    assert "Wait a few minutes" in page.content.decode()


def test_another_address_does_not(client: Client, db: None, address: str) -> None:
    for _ in range(31):
        client.post("/accounts/login/", REMOTE_ADDR=address)
    assert client.post("/accounts/login/", REMOTE_ADDR="fd01::1").status_code == 200


def test_taken_names_can_be_tried_so_often_only(
    client: Client, alice: User, address: str, settings: LazySettings
) -> None:
    """Open sign-up cannot hide who is there."""
    settings.SIGN_UP_OPEN = True
    form = {"username": "alice", "email": "a@b.example", "password1": "x", "password2": "x"}
    statuses = [
        client.post("/accounts/signup/", form, REMOTE_ADDR=address).status_code for _ in range(21)
    ]
    assert statuses == [200] * 20 + [429]
