"""Clients in the admin: made, changed and stopped by `clients.service`."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from oidc.admin.client_buttons import TEMPLATES, ClientButtons
from oidc.admin.client_forms import ChangeClientForm, NewClientForm
from oidc.admin.client_sections import NEW_CLIENT_SECTION, SECTIONS, hidden_fields
from oidc.admin.connection import connection_of
from oidc.admin.describe import (
    ORIGINS,
    describe_additional,
    describe_origin,
    describe_profile,
    describe_secrets,
)
from oidc.clients import service
from oidc.clients.client_secrets import needs_secret
from oidc.clients.profiles import PROFILES
from oidc.models.client import OAuthClient


class OriginFilter(admin.SimpleListFilter):
    """Django's own filter has a link without a text for those whose origin nobody noted."""

    title = "origin"
    parameter_name = "origin"
    NOT_NOTED = "unknown"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        words = {**ORIGINS, "registration": "registered itself", self.NOT_NOTED: "unknown"}
        return list(words.items())

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[OAuthClient]
    ) -> QuerySet[OAuthClient]:
        value = self.value()
        if value is None:
            return queryset
        return queryset.filter(origin="" if value == self.NOT_NOTED else value)


@admin.register(OAuthClient)
class OAuthClientAdmin(ClientButtons):
    """The list and the form. Its buttons are in `ClientButtons`."""

    secret_columns = ("client_secrets", "symmetric_secret_encrypted")
    change_form_template = f"{TEMPLATES}/change_form.html"
    list_display = ("client_name", "profile_label", "client_id", "is_active", "created_on")
    list_filter = ("is_active", "profile", OriginFilter, "trusted", "created_at")
    search_fields = ("client_name", "client_id", "redirect_uris_text")
    readonly_fields = (
        "profile_label",
        "state",
        "secrets",
        "origin_told",
        "additional_members",
        "created_at",
        "updated_at",
    )

    class Media:
        css = {"all": ("oidc/admin.css",)}
        js = ("oidc/admin.js",)

    # --- The list ---------------------------------------------------------------------------

    def get_queryset(self, request: HttpRequest) -> QuerySet[OAuthClient]:
        rows: QuerySet[OAuthClient] = super().get_queryset(request)
        return rows.annotate(redirect_uris_text=Cast("redirect_uris", TextField()))

    @admin.display(description="kind", ordering="profile")
    def profile_label(self, client: OAuthClient) -> str:
        return describe_profile(client)

    @admin.display(description="created", ordering="created_at")
    def created_on(self, client: OAuthClient) -> str:
        return f"{client.created_at:%Y-%m-%d}"

    @admin.display(description="state")
    def state(self, client: OAuthClient) -> str:
        return "active" if client.is_active else "disabled: it gets no tokens"

    @admin.display(description="secrets")
    def secrets(self, client: OAuthClient) -> str:
        return describe_secrets(client)

    @admin.display(description="origin")
    def origin_told(self, client: OAuthClient) -> str:
        return describe_origin(client)

    @admin.display(description="other members")
    def additional_members(self, client: OAuthClient) -> str:
        return describe_additional(client)

    # --- The form ---------------------------------------------------------------------------

    def get_form(
        self,
        request: HttpRequest,
        obj: OAuthClient | None = None,
        change: bool = False,
        **kwargs: Any,
    ) -> type[forms.ModelForm[OAuthClient]]:
        form = NewClientForm if obj is None else ChangeClientForm
        return super().get_form(request, obj, change, **{**kwargs, "form": form})

    def get_fieldsets(self, request: HttpRequest, obj: OAuthClient | None = None) -> Any:
        if obj is None:
            return [NEW_CLIENT_SECTION]
        hidden = hidden_fields(PROFILES[obj.profile])
        return [
            (section.title, {"fields": fields, "classes": section.classes})
            for section in SECTIONS
            if (fields := [name for name in section.fields if name not in hidden])
        ]

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> OAuthClient:
        """Write through the service. It validated the same when the form was cleaned."""
        if change:
            return service.update_client(form.instance, form.changes())
        entered = form.cleaned_data
        created = service.create_client(
            entered["client_name"], entered["profile"], metadata=form.metadata(), origin="admin"
        )
        request.issued = created  # type: ignore[attr-defined]
        return created.client

    def save_model(self, *_: Any) -> None:
        """Nothing: `save_form` has written."""

    def save_related(self, *_: Any) -> None:
        """Nothing: a client has no related rows."""

    def delete_model(self, request: HttpRequest, obj: OAuthClient) -> None:
        service.delete_client(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[OAuthClient]) -> None:
        for client in queryset:
            service.delete_client(client)

    def response_add(
        self, request: HttpRequest, obj: OAuthClient, post_url_continue: str | None = None
    ) -> HttpResponse:
        issued: service.CreatedClient = request.issued  # type: ignore[attr-defined]
        if issued.client_secret is None:
            self.message_user(request, f"{obj} is registered.", messages.SUCCESS)
            return HttpResponseRedirect(self.url_of(obj))
        return self.show_secret(request, issued, title=f"{obj} is registered")

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        client = kwargs.get("obj")
        context["show_save_and_add_another"] = False
        context["show_save_and_continue"] = client is not None
        if client is not None:
            # A form with errors has left its entries in `client`; these are about what is stored.
            stored = OAuthClient.objects.get(pk=client.pk)
            context |= {
                "connection": connection_of(stored),
                "needs_secret": needs_secret(stored),
                "has_secret": bool(stored.client_secrets),
            }
        return super().render_change_form(request, context, *args, **kwargs)
