"""Addresses under `/accounts/`: allauth's, and a home for the signed-in person."""

from __future__ import annotations

from django.urls import include, path

from accounts import views

urlpatterns = [
    path("", views.home, name="account_home"),
    path("signed-out/", views.signed_out, name="account_signed_out"),
    path("", include("allauth.account.urls")),
]
