"""Django's defaults, and of the peer what it needs to serve the measured paths."""

import os
from pathlib import Path

PEER = os.environ["PEER"]
SECRET_KEY = os.environ["PEER_SECRET_KEY"]
ISSUER = os.environ["PEER_ISSUER"]
TOKEN_SECONDS = int(os.environ["PEER_TOKEN_SECONDS"])
DIRECTORY = Path(os.environ["PEER_DIRECTORY"])
PRIVATE_KEY = (DIRECTORY / "rsa.pem").read_text()

ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": DIRECTORY / "peer.sqlite3",
        # As Gatehouse uses it: without, threads that write find the database locked.
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 10,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
ROOT_URLCONF = "benchmarks.peers.django_site.urls"
USE_TZ = True

if PEER == "toolkit":
    INSTALLED_APPS += ["oauth2_provider"]
    OAUTH2_PROVIDER = {
        "OIDC_ENABLED": True,
        "OIDC_RSA_PRIVATE_KEY": PRIVATE_KEY,
        "SCOPES": {"openid": "", "profile": "", "email": "", "api": ""},
        "ACCESS_TOKEN_EXPIRE_SECONDS": TOKEN_SECONDS,
    }
else:
    INSTALLED_APPS += ["allauth", "allauth.account", "allauth.idp.oidc"]
    MIDDLEWARE += ["allauth.account.middleware.AccountMiddleware"]
    AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
    IDP_OIDC_PRIVATE_KEY = PRIVATE_KEY
    IDP_OIDC_ACCESS_TOKEN_EXPIRES_IN = TOKEN_SECONDS
    IDP_OIDC_ACCESS_TOKEN_FORMAT = "jwt"
    IDP_OIDC_INTROSPECTION_ENABLED = True
    # A load from one address would only measure the refusal.
    IDP_OIDC_RATE_LIMITS = {}
