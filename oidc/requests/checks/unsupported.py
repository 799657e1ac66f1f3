"""Parameters that we refuse by name, as the metadata says. Spec: Core section 7.2."""

from __future__ import annotations

from oidc.errors import ProtocolError
from oidc.requests.authorization_request import Draft

REFUSED = {
    "registration": "registration_not_supported",
}


def check_unsupported_parameters(draft: Draft) -> None:
    """Refuse rather than ignore: what is ignored would change what was asked."""
    for name, error in REFUSED.items():
        if name in draft.parameters:
            raise ProtocolError(error, f"{name} is not supported")
