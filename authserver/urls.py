"""Every address: the protocol, accounts, admin. Monitoring is answered before, see `health`."""

from __future__ import annotations

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from authserver import site_files
from oidc.pages.sign_out import sign_out

CHANGE_PASSWORD = "account_change_password"
"""Where password managers send people (W3C: A Well-Known URL for Changing Passwords)."""

admin.autodiscover()
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
admin.site.logout = sign_out  # type: ignore[assignment,method-assign]

handler400 = "oidc.pages.errors.bad_request"
handler500 = "oidc.pages.errors.server_error"

urlpatterns = [
    path(".well-known/change-password", RedirectView.as_view(pattern_name=CHANGE_PASSWORD)),
    path("favicon.ico", site_files.favicon),
    path("robots.txt", site_files.robots),
    path("", RedirectView.as_view(pattern_name="account_home"), name="home"),
    path("", include("oidc.urls")),
    path("accounts/", include("accounts.urls")),
    path("admin/", admin.site.urls),
]
