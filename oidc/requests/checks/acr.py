"""acr_values, the client's default, and `acr` by the `claims` parameter.

Spec: OpenID Connect Core 1.0 sections 3.1.2.1 and 5.5.1.1; OpenID Connect Registration 1.0 section
2 (`default_acr_values`).
"""

from __future__ import annotations

from oidc.requests.authorization_request import Draft


def check_acr(draft: Draft) -> None:
    """Take the wished and the essential authentication contexts. Runs after `check_claims`."""
    asked = draft.claims.acr
    wished = tuple(draft.parameters.get("acr_values", "").split()) or asked.values
    draft.acr_values = wished or draft.client.default_acr_values
    if asked.essential and asked.values:
        draft.essential_acr_values = asked.values
        draft.acr_values = asked.values
