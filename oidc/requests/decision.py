"""What still stands between a request and its answer, given who is signed in.

The same function decides at the authorization endpoint and, later, on the interaction page.
Spec: OpenID Connect Core 1.0 sections 3.1.2.3 and 3.1.2.4; RFC 8252 section 8.6.
"""

from __future__ import annotations

import time
from enum import Enum, auto

from accounts.authentication import AuthenticationContext, satisfies
from oidc.clients.record import Client
from oidc.errors import ProtocolError
from oidc.requests.authorization_request import AuthorizationRequest
from oidc.requests.consent import find_consent
from oidc.stores.records import Interaction
from oidc.tokens.subjects import subject_for


class Need(Enum):
    """A thing that only the person can do."""

    LOGIN = auto()
    SIGN_UP = auto()
    OTHER_ACCOUNT = auto()
    REAUTHENTICATION = auto()
    ACCOUNT_SELECTION = auto()
    CONSENT = auto()

    @property
    def error(self) -> str:
        """The error of `prompt=none` (Core section 3.1.2.6)."""
        return {
            Need.ACCOUNT_SELECTION: "account_selection_required",
            Need.CONSENT: "consent_required",
        }.get(self, "login_required")


def next_need(
    request: AuthorizationRequest,
    context: AuthenticationContext | None,
    interaction: Interaction | None = None,
) -> Need | None:
    """Return what is needed next, or None if the request can be answered.

    `interaction`: the waiting request, once there is one: what was done since it began counts.
    At most one SQL query (the consent).

    Raises:
        ProtocolError: `login_required`: another person signed in than the client asked for;
            `unmet_authentication_requirements`: an essential `acr` cannot be reached.
    """
    if context is None:
        return Need.SIGN_UP if "create" in request.prompt else Need.LOGIN
    signed_in_for_this = interaction is not None and context.auth_time >= interaction.created_at
    if not _is_strong_enough(request, context):
        raise ProtocolError(
            "unmet_authentication_requirements",
            "the essential acr cannot be reached",
            detail=f"signed in with {context.acr}",
        )
    if request.hinted_sub and request.hinted_sub != subject_for(request.client, context.user_id):
        if signed_in_for_this:
            raise ProtocolError("login_required", "another person signed in than the hinted one")
        return Need.OTHER_ACCOUNT
    if not signed_in_for_this:
        if _must_authenticate_again(request, context, interaction):
            return Need.REAUTHENTICATION
        if "select_account" in request.prompt and not (
            interaction and interaction.account_selected
        ):
            return Need.ACCOUNT_SELECTION
    return Need.CONSENT if _must_ask_consent(request, context) else None


def _must_authenticate_again(
    request: AuthorizationRequest, context: AuthenticationContext, interaction: Interaction | None
) -> bool:
    if request.prompt & {"login", "create"}:
        return True
    if request.max_age is None:
        return False
    asked_at = interaction.created_at if interaction else time.time()
    return asked_at - context.auth_time > request.max_age or request.max_age == 0


def _is_strong_enough(request: AuthorizationRequest, context: AuthenticationContext) -> bool:
    """An essential `acr` that is not met is a failed authentication (Core section 5.5.1.1)."""
    essential = request.essential_acr_values
    return not essential or any(satisfies(context.acr, value) for value in essential)


def _must_ask_consent(request: AuthorizationRequest, context: AuthenticationContext) -> bool:
    """Stored consent does not count where another app could take the first one's place."""
    if "consent" in request.prompt:
        return True
    client = request.client
    if client.trusted:
        return False
    if _may_be_another_app(client, request.redirect_uri):
        return True
    consented = find_consent(context.user_id, client.client_id)
    return consented is None or not consented.covers(request.scope, request.claims.releasable)


def _may_be_another_app(client: Client, redirect_uri: str) -> bool:
    """Tell whether nothing assures which app gets the answer.

    So it is on people's devices, where any app can claim a scheme and listen at a port that is not
    registered. A secret assures it, unless the app is installed.
    Spec: RFC 8252 section 8.6.
    """
    if client.profile == "native" or redirect_uri not in client.redirect_uris:
        return True
    return client.is_public and not redirect_uri.startswith(("https:", "http:"))
