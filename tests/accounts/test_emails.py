"""One truth about addresses: allauth's table decides, the user's columns follow."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress
from django.db import IntegrityError

from accounts.emails import set_email
from accounts.models import User
from accounts.people import create_person


def is_verified(user: User) -> bool:
    return User.objects.get(pk=user.pk).email_verified


def test_a_confirmation_verifies_the_user(db: None) -> None:
    user, _ = create_person("bob", "bob@example.org")
    assert not is_verified(user)

    EmailAddress.objects.get(user=user).set_verified()

    assert is_verified(user)


def test_writing_the_column_verifies_nothing(db: None) -> None:
    user, _ = create_person("bob", "bob@example.org")
    user.email_verified = True
    user.save()
    assert not is_verified(user)


def test_a_changed_address_is_not_verified(alice: User) -> None:
    alice.email = "elsewhere@example.org"
    alice.save(update_fields=["email"])
    assert not is_verified(alice)


def test_another_confirmed_address_does_not_verify_the_one_in_use(alice: User) -> None:
    EmailAddress.objects.filter(user=alice).update(verified=False)
    EmailAddress.objects.create(user=alice, email="second@example.org", verified=True)
    assert not is_verified(alice)


def test_a_forgotten_address_is_not_verified(alice: User) -> None:
    EmailAddress.objects.get(user=alice).delete()
    assert not is_verified(alice)


def test_set_email_leaves_one_address(alice: User) -> None:
    set_email(alice, "Alice@Elsewhere.example", verified=False)

    assert list(EmailAddress.objects.filter(user=alice).values_list("email", "primary")) == [
        ("alice@elsewhere.example", True)
    ]
    assert User.objects.get(pk=alice.pk).email == "alice@elsewhere.example"
    assert not is_verified(alice)


def test_set_email_empty_takes_the_address_away(alice: User) -> None:
    set_email(alice, "", verified=True)

    assert not EmailAddress.objects.filter(user=alice).exists()
    assert User.objects.get(pk=alice.pk).email == ""
    assert not is_verified(alice)


def test_verification_moves_updated_at(alice: User) -> None:
    before = alice.updated_at
    EmailAddress.objects.get(user=alice).delete()
    assert User.objects.get(pk=alice.pk).updated_at > before


@pytest.mark.parametrize("email", ["alice@example.org", "ALICE@Example.ORG"])
def test_addresses_are_unique_in_any_case(alice: User, email: str) -> None:
    with pytest.raises(IntegrityError):
        User.objects.bulk_create([User(username="other", email=email)])


def test_usernames_are_unique_in_any_case(alice: User) -> None:
    with pytest.raises(IntegrityError):
        User.objects.bulk_create([User(username="ALICE")])


def test_many_people_may_have_no_address(db: None) -> None:
    create_person("one")
    create_person("two")
