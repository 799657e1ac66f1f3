"""Every address: the protocol, accounts, admin, health."""

from __future__ import annotations

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from authserver import health
from oidc.pages.sign_out import sign_out

admin.autodiscover()
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
admin.site.logout = sign_out  # type: ignore[assignment,method-assign]

handler400 = "oidc.pages.errors.bad_request"
handler500 = "oidc.pages.errors.server_error"

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="account_home"), name="home"),
    path("", include("oidc.urls")),
    path("accounts/", include("accounts.urls")),
    path("admin/", admin.site.urls),
    path("health/live", health.live, name="health_live"),
    path("health/ready", health.ready, name="health_ready"),
    path("metrics", health.metrics, name="metrics"),
]
