"""Parameters that we refuse by name, as the metadata says. Spec: Core sections 6 and 7.2."""

from __future__ import annotations

from oidc.errors import ProtocolError
from oidc.requests.authorization_request import Draft

REFUSED = {
    "request": "request_not_supported",
    "request_uri": "request_uri_not_supported",
    "registration": "registration_not_supported",
}


def check_unsupported_parameters(draft: Draft) -> None:
    """Refuse rather than ignore: an ignored request object would change what was asked."""
    for name, error in REFUSED.items():
        if name in draft.parameters:
            raise ProtocolError(error, f"{name} is not supported")
