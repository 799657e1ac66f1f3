"""Staff to test with."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from tests.admin.client_pages import ClientPages

PASSWORD = "seven quiet geese"


@pytest.fixture
def superuser(db: None) -> User:
    return User.objects.create_superuser("root", "root@example.org", PASSWORD)


@pytest.fixture
def staff(client: Client, superuser: User) -> Client:
    """A browser in which a superuser has signed in."""
    response = client.post("/accounts/login/", {"login": "root", "password": PASSWORD})
    assert response.status_code == 302
    return client


@pytest.fixture
def pages(staff: Client) -> ClientPages:
    return ClientPages(staff)
