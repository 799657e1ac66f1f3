"""Every address: the protocol, accounts, admin. Monitoring is answered before, see `health`."""

from __future__ import annotations

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

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
]
