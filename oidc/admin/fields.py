"""Form fields for lists and keys."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from django import forms


class LinesField(forms.Field):
    """A list of texts, edited as one per line. Empty lines do not count."""

    widget = forms.Textarea(attrs={"rows": 3, "cols": 80, "spellcheck": "false"})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:
        return [line.strip() for line in (value or "").splitlines() if line.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return list(initial or []) != self.to_python(data)


class ChoicesField(forms.MultipleChoiceField):
    """A list of words, edited as check boxes."""

    widget = forms.CheckboxSelectMultiple


def word_field(label: str, words: Iterable[str], *, empty: str = "") -> forms.ChoiceField:
    """Return a field for one word of a vocabulary. `empty`: what it means that none is chosen."""
    choices = [(word, word) for word in words]
    none = [("", empty)] if empty else []
    return forms.ChoiceField(label=label, choices=none + choices, required=not empty)


class KeySetField(forms.JSONField):
    """A JWK set, or nothing."""

    widget = forms.Textarea(attrs={"rows": 5, "cols": 80, "spellcheck": "false"})

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, dict):
            return json.dumps(value, indent=2)
        return "" if value is None else super().prepare_value(value)
