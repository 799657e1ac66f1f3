"""The issuer, checked before all else. Spec: RFC 8414 section 2; Discovery 1.0 section 3."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

from django.core.exceptions import ImproperlyConfigured

LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


def validated_issuer(text: str) -> SplitResult:
    """Return the parts of an issuer: an https URL without query, fragment or slash at the end.

    http is for loopback hosts only.

    Raises:
        ImproperlyConfigured: it cannot be an issuer; the text says what to change.
    """
    parts = urlsplit(text)
    problem = _problem(text, parts)
    if problem:
        raise ImproperlyConfigured(f"GATEHOUSE_ISSUER is {text!r}: {problem}.")
    return parts


def _problem(text: str, parts: SplitResult) -> str:
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return "it must be a full URL, such as https://sign-in.example.com"
    if parts.scheme == "http" and parts.hostname not in LOOPBACK_HOSTS:
        return "it must begin with https, except on a loopback host"
    if parts.query or parts.fragment or "?" in text or "#" in text:
        return "it must have no query and no fragment"
    if parts.username is not None:
        return "it must have no user name"
    if text.endswith("/"):
        return "it must not end with a slash"
    return ""
