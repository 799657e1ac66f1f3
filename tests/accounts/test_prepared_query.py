"""A prepared query answers what the ORM would."""

from __future__ import annotations

import threading
import uuid
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.people import create_person
from accounts.prepared_query import PreparedQuery
from oidc.models import Consent

COLUMNS = ("id", "username", "is_active", "updated_at", "last_login", "address_formatted")
PERSON = PreparedQuery(User, where=("id", "is_active"), columns=COLUMNS)
CONSENT = PreparedQuery(Consent, where=("user_id", "client_id"), columns=("scope", "user_id"))


def test_it_finds_what_the_orm_finds(db: None) -> None:
    user, _ = create_person("alice", claims={"address": {"formatted": "Ä 'quoted' \"street\"\n%s"}})
    expected = User.objects.values_list(*COLUMNS).get(pk=user.pk)
    assert PERSON.find(user.pk, True) == PERSON.find(str(user.pk), True) == expected


def test_every_condition_counts(db: None) -> None:
    user, _ = create_person("alice")
    assert PERSON.find(user.pk, False) is None
    assert PERSON.find(uuid.uuid4(), True) is None


def test_values_are_values_and_never_sql(db: None) -> None:
    user, _ = create_person("alice")
    Consent.objects.create(user=user, client_id="a", scope=["openid"])
    assert CONSENT.find(user.pk, "a") == (["openid"], user.pk)
    assert CONSENT.find(user.pk, "b' OR '1'='1") is None


def test_a_column_may_be_read_in_another_way(db: None) -> None:
    columns, read = ("client_id", "scope", "claims"), {"scope": str.upper}
    query = PreparedQuery(Consent, where=("user_id",), columns=columns, read=read)
    user, _ = create_person("alice")
    Consent.objects.create(user=user, client_id="a", scope=["openid"], claims=["email"])
    assert query.find(user.pk) == ("a", '["OPENID"]', ["email"])


def test_it_is_one_query(db: None) -> None:
    with CaptureQueriesContext(connection) as queries:
        PERSON.find(uuid.uuid4(), True)
    assert len(queries) == 1


def test_who_looks_on_sees_it(db: None) -> None:
    seen: list[str] = []

    def look_on(execute: Any, sql: str, *arguments: Any) -> Any:
        seen.append(sql)
        return execute(sql, *arguments)

    user, _ = create_person("alice")
    with connection.execute_wrapper(look_on):
        assert CONSENT.find(user.pk, "a") is None
    assert len(seen) == 1


def test_errors_are_djangos_and_noted_on_the_connection(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = PreparedQuery(Consent, where=("user_id",), columns=("scope",))
    monkeypatch.setattr(broken, "_sql", "SELECT nothing FROM nowhere WHERE user_id = %s")
    monkeypatch.setattr(connection, "errors_occurred", False)
    with pytest.raises(DatabaseError), transaction.atomic():
        broken.find(uuid.uuid4())
    assert connection.errors_occurred


def test_a_broken_transaction_answers_nothing(db: None) -> None:
    with pytest.raises(TransactionManagementError), transaction.atomic():
        transaction.set_rollback(True)
        PERSON.find(uuid.uuid4(), True)


def test_the_health_of_a_connection_is_checked_first(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks: list[bool] = []
    monkeypatch.setattr(connection, "close_if_health_check_failed", lambda: checks.append(True))
    PERSON.find(uuid.uuid4(), True)
    assert checks == [True]


@pytest.mark.django_db(transaction=True)
def test_another_thread_uses_a_connection_of_its_own() -> None:
    user, _ = create_person("alice")
    found: list[Any] = [PERSON.find(user.pk, True)]

    def find() -> None:
        found.append(PERSON.find(user.pk, True))
        connection.close()

    thread = threading.Thread(target=find)
    thread.start()
    thread.join()
    assert found[0] == found[1] is not None
