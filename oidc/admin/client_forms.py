"""The forms for a client. What is right is decided by `clients.service`; they show its answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.html import format_html

from oidc.admin.client_sections import hidden_fields
from oidc.admin.client_texts import HELP_TEXTS
from oidc.admin.fields import ChoicesField, KeySetField, LinesField, word_field
from oidc.clients import service
from oidc.clients.profiles import PROFILES, RESPONSE_TYPES
from oidc.clients.record import ACCESS_TOKEN_FORMATS, ACCESS_TOKEN_TYPES, AT_JWT
from oidc.clients.validation import COLUMNS, InvalidClientMetadata
from oidc.clients.validation.members import ASSERTION_ALGS, GRANT_TYPES, SUBJECT_TYPES
from oidc.keys.algorithms import (
    ACCESS_TOKEN_ALGORITHM,
    CONTENT_ENCRYPTIONS,
    DEFAULT_CONTENT_ENCRYPTION,
    ENCRYPTION_ALGORITHMS,
    ID_TOKEN_ALGORITHMS,
    SIGNING_ALGORITHMS,
)
from oidc.keys.resource_jwe import (
    DEFAULT_RESOURCE_CONTENT_ENCRYPTION,
    RESOURCE_CONTENT_ENCRYPTIONS,
    RESOURCE_ENCRYPTION_ALGORITHMS,
)
from oidc.models.client import OAuthClient

if TYPE_CHECKING:
    ClientModelForm = forms.ModelForm[OAuthClient]
else:
    ClientModelForm = forms.ModelForm


class ClientForm(ClientModelForm):
    """Shows what the service refuses, each problem at its field."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.help_text = HELP_TEXTS.get(name, field.help_text)

    def _show_problems(self, validate: Callable[[], object]) -> None:
        told = set(self.errors)
        try:
            validate()
        except InvalidClientMetadata as error:
            for problem in error.problems:
                if problem.member not in self.fields:
                    self.add_error(None, f"{problem.member}: {problem.message}")
                elif problem.member not in told:  # the form has not said it already
                    self.add_error(problem.member, problem.message)


class NewClientForm(ClientForm):
    """What must be known about a new client. Its profile presets the rest."""

    profile = forms.ChoiceField(
        label="Kind of application",
        widget=forms.RadioSelect,
        choices=[
            (
                profile.name,
                format_html("<strong>{}</strong> {}", profile.label, profile.description),
            )
            for profile in PROFILES.values()
        ],
    )
    redirect_uris = LinesField(label="Redirect URIs", required=False)
    scope = forms.CharField(
        label="Scope", required=False, widget=forms.TextInput(attrs={"size": 80})
    )

    class Meta:
        model = OAuthClient
        fields = ("client_name", "profile", "redirect_uris", "scope")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["redirect_uris"].help_text += " Leave it empty for a machine."
        self.fields["scope"].help_text += " Empty: what is usual for its kind."

    def metadata(self) -> dict[str, Any]:
        """Return what was entered; what was left empty stays as preset."""
        entered = {name: self.cleaned_data.get(name) for name in ("redirect_uris", "scope")}
        return {name: value for name, value in entered.items() if value}

    def clean(self) -> dict[str, Any]:
        entered = super().clean() or self.cleaned_data
        if "profile" in entered:  # a missing name must not hide what is wrong with the addresses
            name = entered.get("client_name", "")
            self._show_problems(
                lambda: service.validate_new_client(name, entered["profile"], self.metadata())
            )
        return entered


NOT_EDITED = ("profile",)


class ChangeClientForm(ClientForm):
    """Everything that can be changed about a client."""

    redirect_uris = LinesField(label="Redirect URIs", required=False)
    post_logout_redirect_uris = LinesField(label="After signing out", required=False)
    private_use_schemes = LinesField(label="Allowed schemes", required=False)
    access_token_audience = LinesField(required=False)
    introspection_audience = LinesField(required=False)
    response_types = ChoicesField(choices=[(name, name) for name in RESPONSE_TYPES], required=False)
    grant_types = ChoicesField(choices=[(name, name) for name in GRANT_TYPES], required=False)
    token_endpoint_auth_method = forms.ChoiceField(label="Authentication")
    token_endpoint_auth_signing_alg = word_field(
        "Signing algorithm", ASSERTION_ALGS, empty="any that fits"
    )
    id_token_signed_response_alg = word_field("ID token algorithm", ID_TOKEN_ALGORITHMS)
    id_token_encrypted_response_alg = word_field(
        "ID token encryption", ENCRYPTION_ALGORITHMS, empty="not encrypted"
    )
    id_token_encrypted_response_enc = word_field(
        "ID token content encryption", CONTENT_ENCRYPTIONS, empty=DEFAULT_CONTENT_ENCRYPTION
    )
    userinfo_signed_response_alg = word_field(
        "Userinfo algorithm", ID_TOKEN_ALGORITHMS, empty="not signed: plain JSON"
    )
    userinfo_encrypted_response_alg = word_field(
        "Userinfo encryption", ENCRYPTION_ALGORITHMS, empty="not encrypted"
    )
    userinfo_encrypted_response_enc = word_field(
        "Userinfo content encryption", CONTENT_ENCRYPTIONS, empty=DEFAULT_CONTENT_ENCRYPTION
    )
    access_token_encryption_alg = word_field(
        "Access token encryption", RESOURCE_ENCRYPTION_ALGORITHMS, empty="not encrypted"
    )
    access_token_encryption_enc = word_field(
        "Access token content encryption",
        RESOURCE_CONTENT_ENCRYPTIONS,
        empty=DEFAULT_RESOURCE_CONTENT_ENCRYPTION,
    )
    access_token_format = word_field("Access token format", ACCESS_TOKEN_FORMATS)
    access_token_signing_alg = word_field(
        "Access token algorithm",
        SIGNING_ALGORITHMS,
        empty=f"{ACCESS_TOKEN_ALGORITHM}, unless the API wants another",
    )
    access_token_typ = word_field(
        "Access token type", ACCESS_TOKEN_TYPES, empty=f"{AT_JWT}, unless the API wants another"
    )
    subject_type = word_field("Subject type", SUBJECT_TYPES)
    jwks = KeySetField(label="Public keys", required=False)
    scope = forms.CharField(required=False, widget=forms.TextInput(attrs={"size": 80}))

    class Meta:
        model = OAuthClient
        fields = tuple(member for member in COLUMNS if member not in NOT_EDITED)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        profile = PROFILES[self.instance.profile]
        # Declared fields stay in a form that does not show them, and would count as emptied.
        for name in hidden_fields(profile):
            self.fields.pop(name, None)
        method = self.fields.get("token_endpoint_auth_method")
        if isinstance(method, forms.ChoiceField):
            method.choices = [(name, name) for name in profile.token_endpoint_auth_methods]

    def changes(self) -> dict[str, Any]:
        """Return the members that were changed, and no others."""
        entered = self.cleaned_data
        return {name: entered[name] for name in self.changed_data if name in entered}

    def clean(self) -> dict[str, Any]:
        entered = super().clean() or self.cleaned_data
        self._show_problems(lambda: service.validate_changes(self.instance, self.changes()))
        return entered


class RotateSecretForm(forms.Form):
    """How long the secret of today stays valid beside the new one."""

    overlap_seconds = forms.TypedChoiceField(
        label="The old secret stays valid for",
        coerce=int,
        initial=service.DEFAULT_OVERLAP_SECONDS,
        choices=[
            (3600, "an hour"),
            (86_400, "a day"),
            (7 * 86_400, "a week"),
            (30 * 86_400, "30 days"),
            (0, "not at all: it has leaked"),
        ],
    )
