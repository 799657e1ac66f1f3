"""The document at a `sector_identifier_uri`, which vouches for the redirect URIs of a client.

Spec: OpenID Connect Registration 1.0 section 5; OpenID Connect Core 1.0 section 8.1.
"""

from __future__ import annotations

from typing import Any

import structlog

from accounts.split_url import find_host
from oidc.clients.remote import FetchFailed, fetch_json
from oidc.clients.validation.errors import InvalidClientMetadata, Problem
from oidc.clients.waiting import DOCUMENTS, Tenant, a_seat
from oidc.errors import ProtocolError

log = structlog.get_logger(__name__)
_NOBODY_YET = Tenant("", is_stranger=True)


def check_sector_document(metadata: dict[str, Any]) -> None:
    """Fetch the document, if there is an address, and look for every redirect URI in it.

    Raises:
        InvalidClientMetadata: it cannot be had, or does not list them all.
    """
    uri = metadata.get("sector_identifier_uri")
    if not uri:
        return
    try:
        with a_seat(DOCUMENTS, _NOBODY_YET):
            document = fetch_json(uri)
    except FetchFailed as error:
        host = find_host(uri)
        log.warning("sector_identifier_uri_not_fetched", host=host, reason=str(error))
        raise _invalid("The document there cannot be fetched, or is not JSON.") from error
    except ProtocolError as error:
        raise _invalid("Other servers are slow at the moment; please try again.") from error
    if not isinstance(document, list) or not all(isinstance(each, str) for each in document):
        raise _invalid("The document there must be a JSON array of redirect URIs.")
    if not set(metadata["redirect_uris"]) <= set(document):
        raise _invalid("The document there must list every redirect URI of the client.")


def _invalid(message: str) -> InvalidClientMetadata:
    return InvalidClientMetadata([Problem("sector_identifier_uri", message)])
