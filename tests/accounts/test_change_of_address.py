"""A new e-mail address takes the account over, so a forgotten session must not be enough for it.

Spec: OWASP ASVS 5.0 section 7.5 (re-authentication before sensitive changes).
"""

from __future__ import annotations

import time

import time_machine
from django.core import mail
from django.test import Client

from accounts.models import User

from .conftest import PASSWORD

NEW = "alice@elsewhere.example"


def ask_for(client: Client, email: str) -> str:
    """Ask for a new address; return where that leads."""
    answer = client.post("/accounts/email/", {"action_add": "", "email": email})
    assert answer.status_code == 302
    return str(answer["Location"])


def test_the_password_is_asked_for_once_more(client: Client, alice: User) -> None:
    client.post("/accounts/login/", {"login": "alice", "password": PASSWORD})
    path = ask_for(client, NEW)
    assert path.startswith("/accounts/reauthenticate/")
    assert client.post(path, {"password": "not the password"}).status_code == 200
    assert mail.outbox == []
    assert client.post(path, {"password": PASSWORD}).status_code == 302
    assert mail.outbox[-1].to == [NEW]


def test_that_holds_for_five_minutes(client: Client, alice: User) -> None:
    client.post("/accounts/login/", {"login": "alice", "password": PASSWORD})
    client.post(ask_for(client, NEW), {"password": PASSWORD})
    assert ask_for(client, "another@elsewhere.example") == "/accounts/email/"
    with time_machine.travel(time.time() + 301):
        assert ask_for(client, "third@elsewhere.example").startswith("/accounts/reauthenticate/")
