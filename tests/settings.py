"""Settings of the tests: the server's own, on a cluster and a database of their own.

What the shell happens to have set for a real installation must not reach a test, so the names
that the server reads are cleared first.
"""

import os

from tests.support.cluster import redis_url

REDIS_URL = redis_url()
for _name in (
    "ALLOWED_HOSTS",
    "DEBUG",
    "GATEHOUSE_GLOBAL_TOKEN_REVOCATION",
    "GATEHOUSE_ISSUER",
    "GATEHOUSE_MONITORING_TOKEN",
    "GATEHOUSE_REDIS_PLAINTEXT",
    "GATEHOUSE_REFRESH_TOKEN_GRACE",
    "GATEHOUSE_REFRESH_TOKEN_RETRY",
    "GATEHOUSE_REGISTRATION",
    "GATEHOUSE_REGISTRATION_PROFILE",
    "GATEHOUSE_REGISTRATION_SCHEMES",
    "GATEHOUSE_REGISTRATION_SCOPES",
    "GATEHOUSE_REGISTRATION_UNUSED_DAYS",
    "GATEHOUSE_REGISTRATIONS_PER_HOUR",
    "GATEHOUSE_SIGN_UP",
    "GATEHOUSE_SOFTWARE_STATEMENT_ISSUERS",
    "REDIS_WAIT_REPLICAS",
    "SECRET_KEY_FALLBACKS",
    "TRUSTED_PROXIES",
):
    os.environ.pop(_name, None)
os.environ["SECRET_KEY"] = "only-for-tests-0123456789-abcdefghijklmnopqrstuvwxyz-0123456789"
os.environ["EMAIL_URL"] = "memorymail://"
os.environ["GATEHOUSE_EVENTS_INLINE"] = "true"
os.environ["GATEHOUSE_RATE_LIMITS"] = "off"  # tests of the limits switch them on
os.environ.setdefault("DATABASE_URL", "sqlite://:memory:")

from authserver.settings import *  # noqa: E402, F403

# Signing in is not what most tests are about. Tests of password hashing name their hasher.
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.MD5PasswordHasher",
    *PASSWORD_HASHERS,  # noqa: F405
]
MAIL_INLINE = True
