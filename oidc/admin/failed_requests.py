"""Why a sign-in failed, for an admin who was told a reference.

The table has up to half a million rows, so no query here counts, sorts or compares all of them
without an index or an end.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html

from accounts.models import User
from oidc.admin.records import ReadOnlyAdmin
from oidc.models import FailedRequest, OAuthClient

MOST_COUNTED = 10_000
"""Rows that are counted, paged through, and looked at for what the filters offer."""
MOST_NAMED = 100
"""Clients, or people, of a name that is searched for."""

if TYPE_CHECKING:
    Pages = Paginator[FailedRequest]
    ValuesFilter = admin.SimpleListFilter
else:
    Pages, ValuesFilter = Paginator, admin.SimpleListFilter


class LatestPages(Pages):
    """The latest rows in pages. Counting all would read the whole table."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows[:MOST_COUNTED].count())


class NamingList(ChangeList):
    """The list with names of clients and people: one query for each, whatever its length."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows = list(self.result_list)
        self.model_admin.find_names(request, rows)  # type: ignore[attr-defined]
        self.result_list = rows
        self.has_more = self.result_count == MOST_COUNTED


class LatestValues(ValuesFilter):
    """Offers what occurs in the latest rows. Django's own filter looks at all of them."""

    column: str

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        latest = FailedRequest.objects.order_by("-at").values_list(self.column, flat=True)
        found = set(latest[:MOST_COUNTED]) | {self.value() or ""}
        return [(value, self.label(value)) for value in sorted(found) if value]

    def label(self, value: str) -> str:
        return value

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[FailedRequest]
    ) -> QuerySet[FailedRequest]:
        value = self.value()
        return queryset.filter(**{self.column: value}) if value else queryset


class ErrorFilter(LatestValues):
    """By OAuth error code."""

    title = "error"
    parameter_name = column = "error"


class PathFilter(LatestValues):
    """By endpoint or page, shown as the path that people see in logs and address bars."""

    title = "path"
    parameter_name = column = "endpoint"

    def label(self, value: str) -> str:
        return path_of(value)


class TimeFilter(admin.DateFieldListFilter):
    """By day, under a name that people understand."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = "time"


@admin.register(FailedRequest)
class FailedRequestAdmin(ReadOnlyAdmin):
    """Failed requests. Names and links are for those who may see clients and people anyway."""

    list_display = ("time_and_reference", "reason", "client", "person", "path_and_status")
    list_filter = (ErrorFilter, PathFilter, ("at", TimeFilter))
    list_per_page = 50
    ordering = ("-at",)
    paginator = LatestPages
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    sortable_by = ("time_and_reference",)
    search_fields = ("reference",)
    search_help_text = (
        "A reference from an error page; a client's name or ID; a username, an e-mail address, or "
        "a person's ID (sub)"
    )
    empty_text = "No request has failed in the last 30 days."
    fields = ("time", "reason", "client", "person", "path", "status", "reference")
    readonly_fields = ("time", "reason", "client", "person", "path")

    class Media:
        css = {"all": ("oidc/admin.css",)}

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return NamingList

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> FailedRequest | None:
        row: FailedRequest | None = super().get_object(request, object_id, from_field)
        if row is not None:
            self.find_names(request, [row])
        return row

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[FailedRequest], search_term: str
    ) -> tuple[QuerySet[FailedRequest], bool]:
        """Look for an ID as a whole, and for the rows of whoever is called so."""
        term = search_term.strip()
        if not term:
            return queryset, False
        sought = Q(reference=term) | Q(client_id=term) | Q(user_id=term)
        if self._may_view(request, OAuthClient):
            named = OAuthClient.objects.filter(client_name__icontains=term)
            sought |= Q(client_id__in=list(named.values_list("client_id", flat=True)[:MOST_NAMED]))
        if self._may_view(request, User):
            people = User.objects.filter(Q(username__icontains=term) | Q(email__iexact=term))
            sought |= Q(
                user_id__in=list(map(str, people.values_list("pk", flat=True)[:MOST_NAMED]))
            )
        return queryset.filter(sought), False

    # --- Columns ------------------------------------------------------------------------------

    @admin.display(description="time (UTC), reference", ordering="at")
    def time_and_reference(self, row: FailedRequest) -> str:
        return format_html("{}<br><code>{}</code>", self.time(row), row.reference)

    @admin.display(description="path, status")
    def path_and_status(self, row: FailedRequest) -> str:
        return format_html("{}<br><code>{}</code>", path_of(row.endpoint), row.status)

    @admin.display(description="time (UTC)")
    def time(self, row: FailedRequest) -> str:
        return f"{row.at:%Y-%m-%d %H:%M:%S}"

    @admin.display(description="reason")
    def reason(self, row: FailedRequest) -> str:
        return format_html("{}<br><code>{}</code>", row.detail or "No reason given.", row.error)

    @admin.display(description="app")
    def client(self, row: FailedRequest) -> str:
        return _link(row.named_client, row.client_id)  # type: ignore[attr-defined]

    @admin.display(description="person")
    def person(self, row: FailedRequest) -> str:
        return _link(row.named_person, row.user_id)  # type: ignore[attr-defined]

    @admin.display(description="path")
    def path(self, row: FailedRequest) -> str:
        return path_of(row.endpoint)

    def find_names(self, request: HttpRequest, rows: Sequence[FailedRequest]) -> None:
        """Give each row its `named_client` and `named_person`, None where there is none to show."""
        clients: dict[str, OAuthClient] = {}
        people: dict[str, User] = {}
        if self._may_view(request, OAuthClient):
            ids = {row.client_id for row in rows} - {""}
            clients = {
                each.client_id: each for each in OAuthClient.objects.filter(client_id__in=ids)
            }
        if self._may_view(request, User):
            keys = {key for row in rows if (key := _uuid(row.user_id))}
            people = {str(each.pk): each for each in User.objects.filter(pk__in=keys)}
        for row in rows:
            row.named_client = clients.get(row.client_id)  # type: ignore[attr-defined]
            row.named_person = people.get(row.user_id)  # type: ignore[attr-defined]

    def _may_view(self, request: HttpRequest, model: type[Model]) -> bool:
        return self.admin_site.get_model_admin(model).has_view_permission(request)


def path_of(endpoint: str) -> str:
    """Return the path of an endpoint or page, or its name where the path has parts that vary."""
    name = endpoint.removeprefix("page:")
    for route in (name, f"admin:{name}"):
        with suppress(NoReverseMatch):
            return reverse(route)
    return endpoint


def _link(row: Model | None, key: str) -> str:
    """Return a link to what a key belongs to, or the key where nobody here has it."""
    if row is None:
        return key or "-"
    url = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
    return format_html('<a href="{}" title="{}">{}</a>', url, key, row)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
