"""Failed requests in the admin: who, where, when and why, at a glance and with few queries."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from accounts.people import create_person
from oidc.admin import failed_requests
from oidc.clients.service import create_client
from oidc.models import FailedRequest, OAuthClient
from tests.admin.client_pages import text_of

LIST = "/admin/oidc/failedrequest/"
PASSWORD = "seven quiet geese"
NO_ID = str(uuid.UUID(int=0))


@pytest.fixture
def alice(db: None) -> User:
    return create_person("alice", "alice@example.org", password=PASSWORD)[0]


@pytest.fixture
def shop(db: None) -> OAuthClient:
    metadata = {"redirect_uris": ["https://shop.example/cb"]}
    return create_client("The shop", "web", metadata=metadata).client


def failed(reference: str, **values: object) -> FailedRequest:
    made = {
        "at": timezone.now(),
        "endpoint": "token",
        "status": 400,
        "error": "invalid_grant",
        "detail": "The code has expired.",
    }
    return FailedRequest.objects.create(reference=reference, **{**made, **values})


@pytest.fixture
def rows(alice: User, shop: OAuthClient) -> None:
    failed("ref-one", client_id=shop.client_id, user_id=str(alice.pk))
    failed("ref-two", client_id="nobody-has-this", endpoint="page:account_login", error="forbidden")
    failed("ref-four", endpoint="page:oidc_oauthclient_change")
    failed("ref-five", endpoint="page:oidc_oauthclient_changelist")
    failed("ref-three", user_id=NO_ID, endpoint="authorize", detail="")


def shown(browser: Client, query: str) -> set[str]:
    """Return the references that a list shows."""
    return {row.reference for row in browser.get(f"{LIST}?{query}").context["cl"].result_list}


@pytest.mark.usefixtures("rows")
def test_the_list_says_who_where_and_why(staff: Client, alice: User, shop: OAuthClient) -> None:
    page = text_of(staff.get(LIST))
    for text in (
        "The code has expired.",
        "invalid_grant",
        f'<a href="/admin/oidc/oauthclient/{shop.pk}/change/"',
        ">The shop</a>",
        f'<a href="/admin/accounts/user/{alice.pk}/change/" title="{alice.pk}">alice</a>',
        "/oauth2/token",
        "/accounts/login/",
        "page:oidc_oauthclient_change",
        "/admin/oidc/oauthclient/",
        "nobody-has-this",
        NO_ID,
        "ref-one",
        "ref-three",
    ):
        assert text in page
    assert "None" not in page


@pytest.mark.usefixtures("rows")
def test_one_of_them_in_full(staff: Client, shop: OAuthClient) -> None:
    row = FailedRequest.objects.get(reference="ref-one")
    page = text_of(staff.get(f"{LIST}{row.pk}/change/"))
    for text in ("The code has expired.", ">The shop</a>", ">alice</a>", "/oauth2/token"):
        assert text in page
    nobody = FailedRequest.objects.get(reference="ref-two")
    assert "None" not in text_of(staff.get(f"{LIST}{nobody.pk}/change/"))


@pytest.mark.usefixtures("rows")
def test_search_by_reference_id_and_name(staff: Client, alice: User, shop: OAuthClient) -> None:
    for term in ("ref-one", " ref-one ", shop.client_id, "shop", str(alice.pk), "ALICE"):
        assert shown(staff, f"q={term}") == {"ref-one"}, term
    assert shown(staff, "q=alice@example.org") == {"ref-one"}
    assert shown(staff, "q=nobody-has-this") == {"ref-two"}
    assert shown(staff, "q=else") == set()


@pytest.mark.usefixtures("rows")
def test_the_filters_offer_what_there_is(staff: Client) -> None:
    assert shown(staff, "error=forbidden") == {"ref-two"}
    assert shown(staff, "endpoint=authorize") == {"ref-three"}
    page = text_of(staff.get(LIST))
    assert 'href="?error=invalid_grant"' in page
    assert ">/oauth2/authorize</a>" in page


def test_an_empty_list_says_so(staff: Client) -> None:
    assert "No request has failed in the last 30 days." in text_of(staff.get(LIST))
    failed("ref-one")
    page = text_of(staff.get(f"{LIST}?q=else"))
    assert "Nothing matches." in page
    assert "No request has failed" not in page


@pytest.mark.usefixtures("rows")
def test_names_are_for_those_who_may_see_them_anyway(client: Client, alice: User) -> None:
    clerk, _ = create_person("clerk", password=PASSWORD)
    clerk.is_staff = True
    clerk.save()
    clerk.user_permissions.set(Permission.objects.filter(codename="view_failedrequest"))
    client.post("/accounts/login/", {"login": "clerk", "password": PASSWORD})
    page = text_of(client.get(LIST))
    assert str(alice.pk) in page
    assert ">alice</a>" not in page
    assert "The shop" not in page
    assert shown(client, "q=alice") == set()
    assert shown(client, "q=shop") == set()


def test_neither_names_nor_rows_make_more_queries(staff: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert staff.get(LIST).status_code == 200
        return len(asked)

    def fill(count: int) -> None:
        for number in range(count):
            person, _ = create_person(f"person-{number}-{count}")
            app = create_client(f"App {number}", "machine").client
            failed(f"ref-{number}", client_id=app.client_id, user_id=str(person.pk))

    fill(1)
    one = queries()
    fill(20)
    assert queries() == one


def test_no_query_reads_the_whole_table(staff: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failed_requests, "MOST_COUNTED", 3)
    monkeypatch.setattr(failed_requests.FailedRequestAdmin, "list_per_page", 2)
    now = timezone.now()
    for number in range(5):
        failed(f"ref-{number}", at=now + timedelta(seconds=number), error=f"error_{number}")
    with CaptureQueriesContext(connection) as asked:
        page = text_of(staff.get(LIST))
    about = [query["sql"] for query in asked if "oidc_failedrequest" in query["sql"]]
    assert about
    assert all("LIMIT" in sql for sql in about)
    assert "The latest 3 failed requests." in page
    assert "error_4" in page
    assert "error_1" not in page
    assert shown(staff, "p=2") == {"ref-2"}
