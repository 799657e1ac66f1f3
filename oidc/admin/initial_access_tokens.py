"""Initial access tokens in the admin: made and shown once, then looked at and revoked."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.core.validators import MaxValueValidator, MinValueValidator
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.debug import sensitive_variables

from oidc.admin.lookups import SecretColumns
from oidc.clients.validation.errors import Refused
from oidc.clients.validation.values import scope
from oidc.models import InitialAccessToken
from oidc.registration.initial_access_tokens import IssuedToken, issue_initial_access_token

MOST_USES = 1_000_000

if TYPE_CHECKING:
    TokenModelForm = forms.ModelForm[InitialAccessToken]
else:
    TokenModelForm = forms.ModelForm


class NewTokenForm(TokenModelForm):
    """What a token is for, how often it works, and for how long."""

    most_uses = forms.IntegerField(
        label="Clients",
        initial=1,
        help_text="How many clients may be registered with it.",
        validators=[MinValueValidator(1), MaxValueValidator(MOST_USES)],
    )
    days = forms.TypedChoiceField(
        label="Valid for",
        coerce=int,
        initial=7,
        choices=[(1, "a day"), (7, "a week"), (30, "30 days"), (365, "a year")],
    )

    class Meta:
        model = InitialAccessToken
        fields = ("name", "most_uses", "scope")
        widgets = {"scope": forms.TextInput(attrs={"size": 80})}
        help_texts = {
            "name": "Whom it is for. Its clients show it as their origin.",
            "scope": "Scopes of your APIs that its clients may have besides those about people.",
        }

    def clean_scope(self) -> str:
        try:
            return scope(self.cleaned_data["scope"])
        except Refused as refused:
            raise forms.ValidationError(str(refused)) from refused


@admin.register(InitialAccessToken)
class InitialAccessTokenAdmin(SecretColumns):
    """Rows stay, because clients point to them: a token is revoked, not deleted."""

    secret_columns = ("token_sha256",)

    list_display = ("name", "state", "uses", "most_uses", "expires_at", "created_at")
    list_filter = ("revoked", "created_at")
    search_fields = ("name",)
    _told = ("name", "state", "uses", "most_uses", "scope", "expires_at", "created_at")

    def get_form(
        self,
        request: HttpRequest,
        obj: InitialAccessToken | None = None,
        change: bool = False,
        **kwargs: Any,
    ) -> type[forms.ModelForm[InitialAccessToken]]:
        if obj is None:
            kwargs["form"] = NewTokenForm
        return super().get_form(request, obj, change, **kwargs)

    def get_fields(self, request: HttpRequest, obj: InitialAccessToken | None = None) -> Any:
        return ("name", "most_uses", "days", "scope") if obj is None else (*self._told, "revoked")

    def get_readonly_fields(
        self, request: HttpRequest, obj: InitialAccessToken | None = None
    ) -> Any:
        return () if obj is None else self._told

    def has_delete_permission(
        self, request: HttpRequest, obj: InitialAccessToken | None = None
    ) -> bool:
        return False

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> InitialAccessToken:
        """Make a new token through its own function, which alone knows how."""
        if change:
            return form.instance  # type: ignore[no-any-return]
        entered = form.cleaned_data
        issued = issue_initial_access_token(
            entered["name"],
            lifetime=timedelta(days=entered["days"]),
            most_uses=entered["most_uses"],
            scope=entered["scope"],
        )
        request.issued = issued  # type: ignore[attr-defined]
        return issued.row

    def save_model(
        self, request: HttpRequest, obj: InitialAccessToken, form: Any, change: bool
    ) -> None:
        """Write the one thing that can be changed; uses may be counted at this moment."""
        if change:
            obj.save(update_fields=["revoked"])

    def save_related(self, *_: Any) -> None:
        """Nothing: a new token has no clients, and they are not changed here."""

    @sensitive_variables("issued")
    def response_add(
        self, request: HttpRequest, obj: InitialAccessToken, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Answer the POST itself with the token: no session, message, URL or cache holds it."""
        issued: IssuedToken = request.issued  # type: ignore[attr-defined]
        url = reverse("admin:oidc_initialaccesstoken_change", args=[obj.pk])
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media,
            "original": obj,
            "client_url": url,
            "token": issued.value,
            "title": f"Token for {obj}",
        }
        return TemplateResponse(request, "admin/oidc/initialaccesstoken/token.html", context)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context["show_save_and_add_another"] = False
        context["show_save_and_continue"] = False
        return super().render_change_form(request, context, *args, **kwargs)

    class Media:
        css = {"all": ("oidc/admin.css",)}
        js = ("oidc/admin.js",)
