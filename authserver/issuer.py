"""The issuer, checked before all else. Spec: RFC 8414 section 2; Discovery 1.0 section 3."""

from __future__ import annotations

from django.core.exceptions import ImproperlyConfigured

from accounts.split_url import URL, MalformedURL, split_url

LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
_NO_URL = "it must be a full URL, such as https://sign-in.example.com"


def validated_issuer(text: str) -> URL:
    """Return the parts of an issuer: an https URL without query, fragment or slash at the end.

    http is for loopback hosts only.

    Raises:
        ImproperlyConfigured: it cannot be an issuer; the text says what to change.
    """
    try:
        parts = split_url(text)
        problem = _problem(text, parts)
    except MalformedURL:
        problem = _NO_URL
    if problem:
        raise ImproperlyConfigured(f"GATEHOUSE_ISSUER is {text!r}: {problem}.")
    return parts


def _problem(text: str, parts: URL) -> str:
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return _NO_URL
    if parts.scheme == "http" and parts.hostname not in LOOPBACK_HOSTS:
        return "it must begin with https, except on a loopback host"
    if parts.query or parts.fragment or "?" in text or "#" in text:
        return "it must have no query and no fragment"
    if parts.has_user:
        return "it must have no user name"
    if text.endswith("/"):
        return "it must not end with a slash"
    return ""
