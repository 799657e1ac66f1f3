"""Claims in and out. Spec: OpenID Connect Core 1.0 sections 5.1, 5.1.1, 5.3.2."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from accounts.claims import find_standard_claims, set_claims
from accounts.models import User
from accounts.people import create_person

EVERY_CLAIM: dict[str, object] = {
    "name": "Alice Archer",
    "given_name": "Alice",
    "family_name": "Archer",
    "middle_name": "May",
    "nickname": "Al",
    "preferred_username": "alice.archer",
    "profile": "https://example.org/alice",
    "picture": "https://example.org/alice.png",
    "website": "https://alice.example.org",
    "email": "alice@example.org",
    "email_verified": True,
    "gender": "female",
    "birthdate": "1990-04-01",
    "zoneinfo": "Europe/Paris",
    "locale": "en-GB",
    "phone_number": "+15551234567",
    "phone_number_verified": True,
    "address": {
        "formatted": "1 High Street\nOldtown",
        "street_address": "1 High Street",
        "locality": "Oldtown",
        "region": "Kent",
        "postal_code": "CT1 1AA",
        "country": "GB",
    },
}


def claims_of(user: User) -> dict[str, Any]:
    claims = find_standard_claims(str(user.pk))
    assert claims is not None
    return claims


def test_every_standard_claim_comes_back_as_it_went_in(db: None) -> None:
    user, _ = create_person("alice", claims=EVERY_CLAIM)
    user.refresh_from_db()

    claims = claims_of(user)

    assert claims.pop("updated_at") == int(user.updated_at.timestamp())
    assert claims == EVERY_CLAIM


def test_5_3_2_claims_without_a_value_are_left_out(db: None) -> None:
    user, _ = create_person("bob")

    claims = claims_of(user)

    assert claims == {"preferred_username": "bob", "updated_at": claims["updated_at"]}
    assert isinstance(claims["updated_at"], int)


def test_address_holds_only_members_with_a_value(db: None) -> None:
    user, _ = create_person("bob", claims={"address": {"country": "FR"}})

    assert claims_of(user)["address"] == {"country": "FR"}


def test_name_is_put_together_from_its_parts(db: None) -> None:
    user, _ = create_person("bob", claims={"given_name": "Bob", "family_name": "Baker"})

    assert claims_of(user)["name"] == "Bob Baker"


def test_a_change_is_seen_at_once_and_one_made_elsewhere_within_seconds(
    db: None, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    user, _ = create_person("bob", claims={"nickname": "B"})
    assert claims_of(user)["nickname"] == "B"
    with django_assert_num_queries(0):
        assert claims_of(user)["nickname"] == "B"
    user.nickname = "Bobby"
    user.save()
    monkeypatch.setattr("accounts.claims.REMEMBERED_SECONDS", 0)
    assert claims_of(user)["nickname"] == "Bobby"
    User.objects.filter(pk=user.pk).update(nickname="Bert")  # as another process would
    assert claims_of(user)["nickname"] == "Bert"
    user_id = str(user.pk)
    user.delete()
    assert find_standard_claims(user_id) is None


@pytest.mark.parametrize(
    ("claims", "named"),
    [
        ({"sub": "somebody"}, "sub"),
        ({"updated_at": 1}, "updated_at"),
        ({"is_superuser": True}, "is_superuser"),
        ({"password": "x"}, "password"),
        ({"name": 5}, "name"),
        ({"name": None}, "name"),
        ({"email_verified": "yes"}, "email_verified"),
        ({"address": "1 High Street"}, "address"),
        ({"address": {"planet": "Mars"}}, "address"),
        ({"address": {"country": 1}}, "address_country"),
    ],
)
def test_refuses_what_is_no_claim_or_has_the_wrong_type(
    claims: dict[str, object], named: str
) -> None:
    with pytest.raises(ValidationError) as refusal:
        set_claims(User(), claims)
    assert named in refusal.value.message_dict


def test_a_login_does_not_move_updated_at(alice: User) -> None:
    alice.refresh_from_db()
    before = alice.updated_at
    alice.save(update_fields=["last_login"])
    alice.refresh_from_db()
    assert alice.updated_at == before
