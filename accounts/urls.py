"""Addresses under `/accounts/`: a home for the signed-in person, and allauth's.

What allauth has too comes first here, and takes its place.
"""

from __future__ import annotations

from django.urls import include, path, re_path

from accounts import views

urlpatterns = [
    path("", views.home, name="account_home"),
    path("signed-out/", views.signed_out, name="account_signed_out"),
    path("email/", views.AddressView.as_view(), name="account_email"),
    path("confirm-email/<str:key>/", views.confirm_address, name="account_confirm_email"),
    path("password/reset/", views.ResetView.as_view(), name="account_reset_password"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        views.NewPasswordView.as_view(),
        name="account_reset_password_from_key",
    ),
    path("login/another/", views.log_in_another, name="account_login_another"),
    path("", include("allauth.account.urls")),
]
