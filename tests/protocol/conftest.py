"""Protocol tests run through both doors, and the answers must be the same."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.doors import Browser, Send, send_to_django, send_to_wsgi
from tests.support.relying_party import RelyingParty, new_person


@pytest.fixture(params=[send_to_wsgi, send_to_django], ids=["wsgi", "django"])
def send(request: pytest.FixtureRequest, db: None) -> Send:
    """A way into the server, with the database behind it."""
    from oidc.keys import ring

    ring.forget()
    return request.param


@pytest.fixture
def browser(send: Send) -> Browser:
    return Browser(send)


@pytest.fixture
def web(send: Send) -> RelyingParty:
    """A confidential web client."""
    return RelyingParty.register(send)


@pytest.fixture
def spa(send: Send) -> RelyingParty:
    """A public client."""
    return RelyingParty.register(send, "spa")


@pytest.fixture
def machine(send: Send) -> RelyingParty:
    return RelyingParty.register(send, "machine", scope="api")


@pytest.fixture
def alice(send: Send) -> object:
    """A person with claims."""
    return new_person(name="Alice Liddell", given_name="Alice", locale="en-GB")


@pytest.fixture
def registration(settings: Any) -> Any:
    """Choose who may register."""

    def choose(name: str, **changes: Any) -> None:
        settings.GATEHOUSE = {**settings.GATEHOUSE, "registration": name, **changes}

    return choose


@pytest.fixture
def open_registration(registration: Any) -> None:
    registration("open")
