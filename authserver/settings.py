"""Django settings. The only reader of the environment; `docs/configuration.md` lists every name.

Without any environment, the settings are those of a local installation under `.local/`, as
`make run` makes it. Production sets `SECRET_KEY`, `GATEHOUSE_ISSUER`, `DATABASE_URL`, `REDIS_URL`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from authserver.environment import Environment
from authserver.issuer import validated_issuer
from authserver.logs import logging_configuration

BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment()

LOCAL_DIR = Path(env.str("GATEHOUSE_LOCAL_DIR", default=str(BASE_DIR / ".local")))


def _local_text(name: str) -> str:
    """Return the content of a file that `make run` left under `.local/`, or an empty string."""
    path = LOCAL_DIR / name
    try:
        return path.read_text().strip() if path.is_file() else ""
    except (OSError, ValueError) as error:
        raise ImproperlyConfigured(f"{path} cannot be read: {error}") from error


def _local_redis_url() -> str:
    """Return the seeds of the local cluster, as its supervisor wrote them down."""
    description = _local_text("cluster/cluster.json")
    try:
        return json.loads(description)["url"] if description else "redis://127.0.0.1:7400"
    except (ValueError, KeyError, TypeError) as error:
        path = LOCAL_DIR / "cluster/cluster.json"
        raise ImproperlyConfigured(f"{path} is damaged: {error}") from error


DEBUG = env.bool("DEBUG", default=False)

# --- Who we are -----------------------------------------------------------------------------

ISSUER = env.str("GATEHOUSE_ISSUER", default="http://localhost:8000")
_issuer = validated_issuer(ISSUER)
IS_HTTPS = _issuer.scheme == "https"
ISSUER_HOST = _issuer.hostname or "localhost"
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[ISSUER_HOST])
TRUSTED_PROXIES = env.networks("TRUSTED_PROXIES")

MONITORING_TOKEN = env.str("GATEHOUSE_MONITORING_TOKEN", default="")

SECRET_KEY = env.str("SECRET_KEY", default=_local_text("secret_key"))
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])

# --- Where state lives ----------------------------------------------------------------------

DATABASES = {
    "default": env.database("DATABASE_URL", f"sqlite:///{LOCAL_DIR / 'gatehouse.sqlite3'}")
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 10,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
else:
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    # Without it, a database behind a network that drops packets holds a thread for minutes.
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)
DATABASES["default"]["CONN_MAX_AGE"] = 60
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", default=_local_redis_url())
CACHES = {
    "default": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "cache",
        "OPTIONS": {
            "CLIENT_CLASS": "authserver.cache.ClusterClient",
            "SERIALIZER": "django_redis.serializers.json.JSONSerializer",
        },
    }
}
DJANGO_REDIS_CONNECTION_FACTORY = "authserver.cache.ClusterConnectionFactory"

SESSION_ENGINE = "authserver.sessions"
SESSION_COOKIE_AGE = 14 * 24 * 3600
_cookie_prefix = "__Host-" if IS_HTTPS else ""
SESSION_COOKIE_NAME = f"{_cookie_prefix}gatehouse_session"
SESSION_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = env.word("SESSION_COOKIE_SAMESITE", "Lax", ("Lax", "None", "Strict"))
KNOWN_BROWSER_COOKIE_NAME = f"{_cookie_prefix}gatehouse_known_browser"
CSRF_COOKIE_NAME = f"{_cookie_prefix}gatehouse_csrf"
CSRF_COOKIE_SECURE = IS_HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "oidc.pages.errors.csrf_failure"

GATEHOUSE = {
    "issuer": ISSUER,
    "base_path": _issuer.path,
    "secret_keys": (SECRET_KEY, *SECRET_KEY_FALLBACKS),
    "redis_url": REDIS_URL,
    "redis_wait_replicas": (
        -1
        if env.str("REDIS_WAIT_REPLICAS", default="") == "all"
        else env.int("REDIS_WAIT_REPLICAS", default=None)
    ),
    "redis_deadline_seconds": 5.0,
    "redis_plaintext_allowed": env.word("GATEHOUSE_REDIS_PLAINTEXT", "refuse", ("refuse", "allow"))
    == "allow",
    "fetch_private_addresses": env.bool("GATEHOUSE_FETCH_PRIVATE_ADDRESSES", default=False),
    "rate_limits": env.word("GATEHOUSE_RATE_LIMITS", "on", ("on", "off")) == "on",
    "replay_guards_per_minute": 6000,
    "kept_bytes_per_minute": 1_000_000,
    "registration": env.str("GATEHOUSE_REGISTRATION", default="off"),
    "registration_profile": env.str("GATEHOUSE_REGISTRATION_PROFILE", default="oidc-compat"),
    "registration_scopes": tuple(
        env.str(
            "GATEHOUSE_REGISTRATION_SCOPES",
            default="openid profile email address phone offline_access",
        ).split()
    ),
    "registration_schemes": tuple(env.list("GATEHOUSE_REGISTRATION_SCHEMES", default=[])),
    "registrations_per_hour": env.int("GATEHOUSE_REGISTRATIONS_PER_HOUR", default=100),
    "registration_unused_days": env.int("GATEHOUSE_REGISTRATION_UNUSED_DAYS", default=30),
    "software_statement_issuers": env.json("GATEHOUSE_SOFTWARE_STATEMENT_ISSUERS", default={}),
    "global_token_revocation_clients": tuple(
        env.list("GATEHOUSE_GLOBAL_TOKEN_REVOCATION", default=[])
    ),
    "sign_up_open": env.bool("GATEHOUSE_SIGN_UP", default=False),
    "code_lifetime_seconds": 60,
    "access_token_lifetime_seconds": 900,
    "id_token_lifetime_seconds": 600,
    "refresh_token_idle_seconds": 30 * 24 * 3600,
    "refresh_token_absolute_seconds": 180 * 24 * 3600,
    "refresh_token_grace_seconds": env.int("GATEHOUSE_REFRESH_TOKEN_GRACE", default=10),
    "refresh_token_retry_seconds": env.int("GATEHOUSE_REFRESH_TOKEN_RETRY", default=300),
    "grants_per_person_and_client": 100,
    "interaction_lifetime_seconds": 3600,
    "session_lifetime_seconds": SESSION_COOKIE_AGE,
    "client_cache_seconds": 5,
    "session_cookie_name": SESSION_COOKIE_NAME,
    "browser_cookie_name": f"{_cookie_prefix}gatehouse_browser",
    "browser_state_cookie_name": f"{_cookie_prefix}gatehouse_browser_state",
    "cookie_secure": IS_HTTPS,
    "events_inline": env.bool("GATEHOUSE_EVENTS_INLINE", default=False),
}

# --- Django ---------------------------------------------------------------------------------

INSTALLED_APPS = [
    "authserver",
    "accounts",
    "oidc",
    "allauth",
    "allauth.account",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "authserver.middleware.RequestReferenceMiddleware",
    "authserver.middleware.WellKnownMiddleware",
    "django.middleware.locale.LocaleMiddleware",  # error pages of all others speak it too
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "authserver.middleware.NoStoreMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "authserver.middleware.StoreUnavailableMiddleware",
    "authserver.middleware.MonitoringMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "authserver.middleware.SameOriginMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "authserver.middleware.SignOnMiddleware",
    "authserver.middleware.BrowserStateMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "authserver.middleware.UiLocalesMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
ROOT_URLCONF = "authserver.urls"
WSGI_APPLICATION = "authserver.wsgi.application"
APPEND_SLASH = True
FORCE_SCRIPT_NAME = _issuer.path or None
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "oidc.pages.context.authorization_context",
            ]
        },
    }
]
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
LANGUAGE_CODE = "en"
# Each has a complete catalogue in `authserver/locale`; what clients read is English, always.
LANGUAGES = [("en", "English"), ("de", "Deutsch"), ("fr", "Français"), ("es", "Español")]
TIME_ZONE = "UTC"
USE_TZ = True
# With the issuer's path in it. Django would put it before a relative one, but only once it knows
# the path. WhiteNoise asks before that, the answer is kept, and pages would have no style sheets.
STATIC_URL = f"{_issuer.path}/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

# --- People ---------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
# Django's own permissions come with it. A second backend would hash every wrong password again.
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "accounts.hashers.TunedArgon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "accounts.password_validation.GuessablePasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "account_home"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "accounts.forms.LogInForm",
    "signup": "accounts.forms.SignUpForm",
    "change_password": "accounts.forms.PasswordForm",
}
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_CHANGE_EMAIL = True  # one address a person; a new one counts once it is confirmed
ACCOUNT_EMAIL_NOTIFICATIONS = True  # people hear of a new password and a new address
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
# Who may change the address may reset the password with it.
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = _issuer.scheme
SIGN_UP_OPEN = GATEHOUSE["sign_up_open"]
if not GATEHOUSE["rate_limits"]:
    ACCOUNT_RATE_LIMITS = False
EMAIL_CONFIG = env.mail("EMAIL_URL", "consolemail://")
vars().update(EMAIL_CONFIG)
EMAIL_TIMEOUT = 10
MAIL_INLINE = False  # tests look at mails at once
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default=f"gatehouse@{_issuer.hostname}")

FILE_UPLOAD_HANDLERS = ["authserver.uploads.RefuseFiles"]
# The entry point bounds every body (`authserver.bodies`): 64 KiB, and at the admin as much as this.
DATA_UPLOAD_MAX_MEMORY_SIZE = 512 * 1024

# --- Security headers of the pages ------------------------------------------------------------

SECURE_SSL_REDIRECT = False  # the proxy's; the issuer already refuses http outside loopback
SECURE_HSTS_SECONDS = 0 if DEBUG or not IS_HTTPS else 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = False
# Subdomains and the preload list are their owner's decision; redirects to https are the proxy's.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W008", "security.W021"]
SECURE_CONTENT_TYPE_NOSNIFF = True
# Not no-referrer: browsers then send `Origin: null` with forms, which the CSRF check refuses.
# Nothing is told to other origins either way.
SECURE_REFERRER_POLICY = "same-origin"
# None: apps open the sign-in in a popup (`display=popup`), and would lose hold of it.
SECURE_CROSS_ORIGIN_OPENER_POLICY = None
X_FRAME_OPTIONS = "DENY"
# No form-action: Chromium applies it to redirects too, and would stop a sign-in on its way back
# to the client. Forms post to our own pages only, and every field in them is escaped.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}

# --- Logs -------------------------------------------------------------------------------------

LOG_LEVEL = env.word("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"))
LOG_FORMAT = env.str("LOG_FORMAT", default="console" if sys.stderr.isatty() else "json")
LOGGING_CONFIG = None
LOGGING = logging_configuration(LOG_LEVEL, LOG_FORMAT)
