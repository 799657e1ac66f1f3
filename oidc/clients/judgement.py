"""What people and admins judged about a client, and when that ends.

An admin trusts one app, at one address, with one key; a person allows one name to send them to one
address. The holder of a registration access token may change all of these (RFC 7592 section 2.2).
So what was judged ends with what it was judged by, or a stolen token would inherit it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import structlog

from accounts.split_url import MalformedURL, split_url
from oidc.clients.metadata import metadata_of, presets_of
from oidc.clients.profiles import SENT_SECRET_METHODS
from oidc.conf import configuration
from oidc.keys.algorithms import SYMMETRIC_ALGORITHM
from oidc.models import ClientRegistration, Consent
from oidc.models.client import OAuthClient

log = structlog.get_logger(__name__)

OWN_SWITCHES_THAT_END = frozenset(
    {
        "trusted",
        "require_pkce",
        "rotate_refresh_tokens",
        "access_token_lifetime_seconds",
        "access_token_audience",
        "introspection_audience",
        "access_token_encryption_alg",
        "access_token_encryption_enc",
        "access_token_signing_alg",
        "access_token_typ",
        "id_token_claims",
    }
)
"""Admins' switches that give a client more than its kind has. They go back to its presets; a
stricter choice of the admin stays."""
OWN_SWITCHES_THAT_STAY = frozenset(
    {
        "profile",  # follows from what the client registered
        "access_token_format",  # hides what is in a token, and gives nothing
        "require_registered_auth_method",  # is stricter than the default
        "private_use_schemes",  # names the addresses themselves: others are not allowed by it
    }
)


def destination_of(redirect_uri: str) -> str:
    """Return where answers to a redirect URI arrive, as people would name it.

    On the web that is the origin, on this machine the host, and for an app its scheme and what
    stands where a host would.
    """
    try:
        url = split_url(redirect_uri)
    except MalformedURL:  # registered long ago; it is what it is
        return redirect_uri
    if url.scheme == "http":  # this machine, where ports are anybody's
        return f"http://{url.hostname}"
    if url.scheme == "https":
        return f"https://{url.netloc.lower().removesuffix(':443')}"
    return f"{url.scheme}://{url.netloc}"


_ADDRESSES = ("redirect_uris", "post_logout_redirect_uris")
_ADDRESS = (
    "initiate_login_uri",
    "client_uri",
    "logo_uri",
    "policy_uri",
    "tos_uri",
    "backchannel_logout_uri",
    "frontchannel_logout_uri",
)
"""Where a client leads people, what it shows them, and where it is told of them."""


def sends_elsewhere(before: Iterable[str], after: Iterable[str]) -> bool:
    """Tell whether some redirect URIs lead to where none of the former ones did."""
    return not set(map(destination_of, after)) <= set(map(destination_of, before))


def ends_judgement(client: OAuthClient, metadata: dict[str, Any]) -> bool:
    """Tell whether a client made itself another: by name, by destination, or by credentials.

    Any address counts that leads where none of the former ones did: with a redirect URI goes the
    code, and with a link of our pages the person, under the name that an admin trusted.
    """
    before = metadata_of(client)
    return (
        _is_renamed(before, metadata)
        or sends_elsewhere(_addresses(before), _addresses(metadata))
        or _credentials(before) != _credentials(metadata)
    )


def without_judgement(metadata: dict[str, Any]) -> dict[str, Any]:
    """Return metadata with admins' switches as its kind presets them, or stricter as they were."""
    presets = presets_of(metadata)
    usual = presets["access_token_lifetime_seconds"]
    lifetime = metadata["access_token_lifetime_seconds"]
    longest = usual or configuration().access_token_lifetime_seconds
    return metadata | {
        "trusted": False,
        "require_pkce": metadata["require_pkce"] or presets["require_pkce"],
        "rotate_refresh_tokens": True,
        "access_token_lifetime_seconds": lifetime if 0 < lifetime < longest else usual,
        "access_token_audience": [],
        "introspection_audience": [],
        "access_token_encryption_alg": "",
        "access_token_encryption_enc": "",
        "access_token_signing_alg": "",
        "access_token_typ": "",
        "id_token_claims": False,
    }


def end_consents(client: OAuthClient, metadata: dict[str, Any]) -> None:
    """Forget what people allowed a client that now has another name or destination.

    Runs inside the transaction of the change, before the client gets its new metadata.
    """
    if not _is_renamed(metadata_of(client), metadata):
        return
    count, _ = Consent.objects.filter(client_id=client.client_id).delete()
    if count:
        _note_use(client)
        log.info("consents_ended", client_id=client.client_id, count=count)


def note_ended_judgement(client: OAuthClient, metadata: dict[str, Any]) -> None:
    """Tell the operator which switches a client's own change ended.

    Runs inside the transaction of the change, before the client gets its new metadata.
    """
    ended = [name for name in OWN_SWITCHES_THAT_END if getattr(client, name) != metadata[name]]
    if ended:
        _note_use(client)  # an admin had taken it over: it is not forgotten as unused
        log.warning("client_judgement_ended", client_id=client.client_id, switches=sorted(ended))


def _is_renamed(before: dict[str, Any], after: dict[str, Any]) -> bool:
    return before["client_name"] != after["client_name"] or sends_elsewhere(
        before["redirect_uris"], after["redirect_uris"]
    )


def _addresses(metadata: dict[str, Any]) -> list[str]:
    several = [address for name in _ADDRESSES for address in metadata[name]]
    return several + [metadata[name] for name in _ADDRESS if metadata[name]]


def _credentials(metadata: dict[str, Any]) -> tuple[object, ...]:
    """Return by what a client proves itself. Where it sends a secret makes no difference.

    One that turns to HS256 is given another secret, because the server must be able to read it.
    """
    method = metadata["token_endpoint_auth_method"]
    kind = "secret" if method in SENT_SECRET_METHODS else method
    signs_with_secret = SYMMETRIC_ALGORITHM in (
        metadata["id_token_signed_response_alg"],
        metadata["userinfo_signed_response_alg"],
    )
    return kind, signs_with_secret, metadata["jwks"], metadata["jwks_uri"]


def _note_use(client: OAuthClient) -> None:
    ClientRegistration.objects.filter(client=client).update(was_used=True)
