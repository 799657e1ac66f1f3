"""The peer's own addresses."""

from django.conf import settings
from django.urls import include, path

if settings.PEER == "toolkit":
    urlpatterns = [path("o/", include("oauth2_provider.urls", namespace="oauth2_provider"))]
else:
    urlpatterns = [
        path("accounts/", include("allauth.urls")),
        path("", include("allauth.idp.urls")),
    ]
