"""Rules for addresses: where people are sent, and what is shown or fetched.

Spec: OAuth 2.1 section 2.3, RFC 8252 sections 7.1 to 7.3, RFC 9700 section 4.1.3, RFC 3986.

Everything is judged on the text itself. A parser that repairs (as browsers' do) would see another
address than the one that is compared, or sent, later.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from ipaddress import AddressValueError, IPv6Address
from urllib.parse import parse_qsl

from accounts.split_url import MalformedURL, split_url
from oidc.clients.validation.errors import Refused
from oidc.conf import configuration

LONGEST_URI = 2000
LOOPBACK_HOSTS = frozenset({"127.0.0.1", "[::1]", "localhost"})

_URI = re.compile(r"(?:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})+")
_PARTS = re.compile(r"(?P<scheme>[a-z][a-z0-9+.\-]*):(?://(?P<authority>[^/?#]*))?(?P<rest>.*)")
_AUTHORITY = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.\-]+)(?::(?P<port>[0-9]{1,5}))?")
_HOST_NAME = re.compile(
    r"(?=.{1,253}$)(?:[A-Za-z0-9](?:[A-Za-z0-9\-]{0,61}[A-Za-z0-9])?\.)*"
    r"[A-Za-z0-9](?:[A-Za-z0-9\-]{0,61}[A-Za-z0-9])?\.?"
)
_DOT_SEGMENT = re.compile(r"(?:^|/)(?:\.|%2[eE]){1,2}(?:/|$)")
_SCHEME = re.compile(r"[a-z][a-z0-9+.\-]{0,99}")
DANGEROUS_SCHEMES = frozenset({
    # They run or show what is in the address itself.
    "about", "blob", "cid", "data", "filesystem", "jar", "javascript", "livescript", "mhtml", "mid",
    "mk", "mocha", "vbscript", "view-source",
    # They open files, or parts of a browser.
    "chrome", "chrome-extension", "edge", "file", "moz-extension", "opera", "res", "resource",
    # They hand the address to another program; some of these have obeyed it.
    "android-app", "callto", "facetime", "hcp", "intent", "its", "mailto", "ms-appinstaller",
    "ms-help", "ms-its", "ms-msdt", "ms-officecmd", "ms-settings", "search", "search-ms", "shell",
    "skype", "sms", "tel",
    # They go over the network, and not to the app.
    "dict", "ftp", "ftps", "gopher", "irc", "ldap", "ldaps", "news", "nfs", "nntp", "rtsp", "sftp",
    "smb", "ssh", "telnet", "tftp", "urn", "ws", "wss",
})  # fmt: skip
"""Refused as redirect URIs whoever allows them: none of them is an app's own."""
_RESPONSE_PARAMETERS = frozenset({"code", "state", "iss", "error", "id_token", "access_token"})


def check_redirect_uri(uri: object, *, native: bool, schemes: Collection[str] = ()) -> str:
    """Return an address that answers may be sent to.

    `schemes`: those that an admin allowed this client. Without that, a scheme of its own is for a
    native app and has a dot in it, like com.example.app.

    Spec: OAuth 2.1 section 2.3.1; RFC 8252 section 7.1.

    Raises:
        Refused: with the rule that it breaks.
    """
    scheme, authority, rest = _split(uri)
    if "#" in rest:
        raise Refused("Must not have a fragment (#...).")
    if "*" in scheme + (authority or "") + rest:
        raise Refused("Wildcards (*) do not work. Enter each address by itself.")
    path, _, query = rest.partition("?")
    if _DOT_SEGMENT.search(path):
        raise Refused("Must not have . or .. in its path.")
    if any(name in _RESPONSE_PARAMETERS for name, _ in parse_qsl(query, keep_blank_values=True)):
        raise Refused("Must not have a query parameter that answers use, such as code or state.")
    if scheme in ("http", "https"):
        _check_web(scheme, authority)
        if _is_here(str(uri), path):
            raise Refused("Must lead to the app, not to this server.")
    else:
        _check_private_use(scheme, native=native, schemes=schemes)
        if not authority and not path.startswith("/"):
            raise Refused("Must have a path, like com.example.app:/cb.")
    _check_that_it_splits(str(uri))
    return str(uri)


def check_private_use_scheme(scheme: object) -> str:
    """Return a scheme that may be allowed to an app as its own.

    Raises:
        Refused: it is malformed, the web's, or dangerous.
    """
    if not isinstance(scheme, str) or not _SCHEME.fullmatch(scheme):
        raise Refused("Must be a scheme in lower case without its colon, like cursor.")
    if scheme in ("http", "https"):
        raise Refused("Must be an app's own scheme. Web addresses need no permission.")
    if scheme in DANGEROUS_SCHEMES:
        raise Refused("This scheme is not an app's own, and nobody can allow it.")
    return scheme


def check_web_uri(uri: object, *, secure: bool) -> str:
    """Return the address of a page or picture; with `secure`, https or http on this machine.

    Raises:
        Refused: with the rule that it breaks.
    """
    scheme, authority, rest = _split(uri)
    if scheme not in ("http", "https"):
        raise Refused("Must begin with https://.")
    if secure:
        _check_web(scheme, authority)
        if "#" in rest:
            raise Refused("Must not have a fragment (#...).")
    else:
        _check_host(authority)
    return str(uri)


def _is_here(uri: str, path: str) -> bool:
    """Tell whether an address is one of this server. An answer that is posted to a page of ours
    would come from another page of ours, and pass for a form that a person has sent there.
    """
    issuer, base_path = configuration().issuer, configuration().base_path
    return origin_of(uri) == origin_of(issuer) and f"{path}/".startswith(f"{base_path}/")


def _check_that_it_splits(uri: str) -> None:
    """Refuse what the standard library cannot take apart: everybody after this relies on it."""
    try:
        split_url(uri)
    except MalformedURL:
        raise Refused("Has a malformed host or port.") from None


def origin_of(uri: str) -> str:
    """Return scheme, host and port of a checked web address, as text."""
    scheme, authority, _ = _split(uri)
    default_port = ":443" if scheme == "https" else ":80"
    return f"{scheme}://{(authority or '').lower().removesuffix(default_port)}"


def _split(uri: object) -> tuple[str, str | None, str]:
    if not isinstance(uri, str) or not uri:
        raise Refused("Must be an address, as text.")
    if len(uri) > LONGEST_URI:
        raise Refused(f"Must not be longer than {LONGEST_URI} characters.")
    if not _URI.fullmatch(uri):
        raise Refused("Has characters that an address must not have. Encode them with %.")
    parts = _PARTS.fullmatch(uri)
    if parts is None:
        raise Refused("Must be complete: begin with https:// (scheme in lower case).")
    if "@" in (parts["authority"] or ""):
        raise Refused("Must not have a user name or password (...@) in it.")
    return parts["scheme"], parts["authority"], parts["rest"]


def _check_web(scheme: str, authority: str | None) -> None:
    host = _check_host(authority)
    if scheme == "http" and host.lower() not in LOOPBACK_HOSTS:
        raise Refused("Must begin with https://. Plain http works for localhost only.")


def _check_host(authority: str | None) -> str:
    match = _AUTHORITY.fullmatch(authority or "")
    if match is None or (match["port"] and not 0 < int(match["port"]) < 65536):
        raise Refused("Must have a host name, like https://app.example/callback.")
    host = match["host"]
    if host.startswith("["):
        try:
            IPv6Address(host[1:-1])
        except AddressValueError:
            raise Refused("Has a malformed IPv6 address.") from None
    elif not _HOST_NAME.fullmatch(host):
        raise Refused("Has a malformed host name.")
    return host


def _check_private_use(scheme: str, *, native: bool, schemes: Collection[str]) -> None:
    if scheme in DANGEROUS_SCHEMES:
        raise Refused("This scheme is not an app's own, and nobody can allow it.")
    if scheme in schemes:
        return
    if not native:
        raise Refused("Must begin with https://. Schemes of their own are for native apps.")
    if "." not in scheme.strip("."):
        raise Refused("A scheme of your own is your domain reversed, like com.example.app:/cb.")
