"""The buttons of a client's page: a new secret, disable, enable."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST

from accounts.privileges import is_superuser
from oidc.admin.client_forms import RotateSecretForm
from oidc.admin.connection import connection_of
from oidc.admin.lookups import SecretColumns
from oidc.clients import service
from oidc.clients.client_secrets import needs_secret
from oidc.conf import configuration
from oidc.models.client import OAuthClient

TEMPLATES = "admin/oidc/oauthclient"


class ClientButtons(SecretColumns):
    """Views of their own beside the form. Each asks for the permission to change the client."""

    def has_change_permission(self, request: HttpRequest, obj: OAuthClient | None = None) -> bool:
        """Only superusers change a client that may end the sessions of superusers.

        Whoever has its secret can sign everybody out (`GATEHOUSE_GLOBAL_TOKEN_REVOCATION`).
        """
        powerful = configuration().global_token_revocation_clients
        if obj is not None and obj.client_id in powerful and not is_superuser(request):
            return False
        return super().has_change_permission(request, obj)

    def get_urls(self) -> list[URLPattern]:
        views = {
            "rotate-secret": self.rotate_secret_view,
            "disable": self.disable_view,
            "enable": self.enable_view,
        }
        return [
            path(
                f"<path:object_id>/{name}/",
                self.admin_site.admin_view(view),
                name=f"oidc_oauthclient_{name}",
            )
            for name, view in views.items()
        ] + super().get_urls()

    def rotate_secret_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask how long the old secret stays valid; then make a new one and show it."""
        client = self._changeable(request, object_id)
        form = RotateSecretForm(request.POST or None)
        if request.method == "POST" and form.is_valid() and needs_secret(client):
            rotated = service.rotate_secret(
                client, overlap_seconds=int(form.cleaned_data["overlap_seconds"])
            )
            self.log_change(request, client, "Rotated the secret.")
            return self.show_secret(request, rotated, title=f"New secret for {client}")
        context = {"form": form, "has_secret": bool(client.client_secrets)}
        title = f"New secret for {client}"
        return self._page(request, "rotate_secret.html", client, title, context)

    @method_decorator(require_POST)
    def disable_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        client = service.disable_client(self._changeable(request, object_id))
        return self._report(request, client, "Disabled.")

    @method_decorator(require_POST)
    def enable_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        client = service.enable_client(self._changeable(request, object_id))
        return self._report(request, client, "Enabled.")

    def _changeable(self, request: HttpRequest, object_id: str) -> OAuthClient:
        client: OAuthClient | None = self.get_object(request, object_id)
        if client is None:
            raise Http404
        if not self.has_change_permission(request, client):
            raise PermissionDenied
        return client

    def _report(self, request: HttpRequest, client: OAuthClient, change: str) -> HttpResponse:
        self.log_change(request, client, change)
        self.message_user(request, f"{client}: {change.lower()}", messages.SUCCESS)
        return HttpResponseRedirect(self.url_of(client))

    @sensitive_variables("issued")
    def show_secret(
        self, request: HttpRequest, issued: service.CreatedClient, *, title: str
    ) -> HttpResponse:
        """Answer the POST itself with the secret: no session, message, URL or cache holds it."""
        context = {
            "client_secret": issued.client_secret,
            "connection": connection_of(issued.client, issued.client_secret),
        }
        return self._page(request, "secret.html", issued.client, title, context)

    def _page(
        self,
        request: HttpRequest,
        template: str,
        client: OAuthClient,
        title: str,
        context: dict[str, Any],
    ) -> HttpResponse:
        whole = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media,
            "original": client,
            "client_url": self.url_of(client),
            "title": title,
            **context,
        }
        return TemplateResponse(request, f"{TEMPLATES}/{template}", whole)

    def url_of(self, client: OAuthClient) -> str:
        return reverse("admin:oidc_oauthclient_change", args=[client.pk])
