"""When all sessions and grants of a person must end."""

from __future__ import annotations

import pytest
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.test import Client, TestCase

from accounts.models import User
from accounts.people import create_person, revoke_person
from accounts.signals import sign_out_everywhere, signed_out_everywhere

from .conftest import PASSWORD


def test_a_new_password(alice: User, signed_out: list[str]) -> None:
    alice.set_password("another long password")
    alice.save()
    assert str(alice.pk) in signed_out


def test_a_deactivation(alice: User, signed_out: list[str]) -> None:
    alice.is_active = False
    alice.save(update_fields=["is_active"])
    assert str(alice.pk) in signed_out


def test_a_deletion(alice: User, signed_out: list[str]) -> None:
    user_id = str(alice.pk)
    User.objects.filter(pk=alice.pk).delete()
    assert user_id in signed_out


def test_revoke(alice: User, signed_out: list[str]) -> None:
    revoke_person("ALICE")
    assert str(alice.pk) in signed_out


def test_not_a_new_person(db: None, signed_out: list[str]) -> None:
    create_person("bob")
    assert signed_out == []


def test_not_other_changes(alice: User, signed_out: list[str]) -> None:
    alice.name = "Alice A."
    alice.save()
    assert signed_out == []


def test_not_a_second_save_of_somebody_inactive(alice: User, signed_out: list[str]) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)
    alice.is_active = False
    alice.save()
    assert signed_out == []


def test_not_a_renewed_hash(alice: User, signed_out: list[str]) -> None:
    old = make_password(PASSWORD, hasher="pbkdf2_sha256")
    User.objects.filter(pk=alice.pk).update(password=old)
    alice.refresh_from_db()

    assert alice.check_password(PASSWORD)

    alice.refresh_from_db()
    assert alice.password != old, "the hash was meant to be renewed"
    assert signed_out == []


def test_it_is_announced_again_after_the_commit(alice: User, signed_out: list[str]) -> None:
    with TestCase.captureOnCommitCallbacks(execute=True), transaction.atomic():
        sign_out_everywhere(str(alice.pk))
        assert len(signed_out) == 1
    assert len(signed_out) == 2


def test_nothing_is_changed_if_the_sessions_cannot_be_ended(alice: User) -> None:
    def fail(**_: object) -> None:
        raise ConnectionError

    signed_out_everywhere.connect(fail)
    try:
        alice.is_active = False
        with pytest.raises(ConnectionError):
            alice.save()
    finally:
        signed_out_everywhere.disconnect(fail)
    assert User.objects.get(pk=alice.pk).is_active


def test_a_browser_is_signed_out_at_its_next_step(signed_in: Client, alice: User) -> None:
    assert signed_in.get("/accounts/").status_code == 200
    revoke_person("alice")
    assert signed_in.get("/accounts/").status_code == 302


def test_one_may_sign_in_again_afterwards(signed_in: Client, alice: User) -> None:
    revoke_person("alice")
    signed_in.post("/accounts/login/", {"login": "alice", "password": PASSWORD})
    assert signed_in.get("/accounts/").status_code == 200
