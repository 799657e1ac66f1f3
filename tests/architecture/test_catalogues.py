"""Every text of the pages is in every catalogue, translated, and the compiled files are up to date.

`make messages` mends what is found here, but for the translations themselves.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages import Catalog
from django.conf import settings

from authserver.local import messages

LANGUAGES = messages.languages()
PLACEHOLDER_OR_TAG = re.compile(r"%\(\w+\)s|</?\w+>")
SAME_EVERYWHERE = {"Name", "Administration"}
"""Words that another language shares."""

PAGES = sorted(
    path
    for folder in ("accounts/templates", "oidc/templates/oidc")
    for path in (messages.ROOT / folder).rglob("*.*")
    if "templates/admin/" not in str(path)
)
NOT_A_TEXT = re.compile(
    r"{% comment %}.*?{% endcomment %}|{% blocktranslate.*?{% endblocktranslate %}"
    r"|{%.*?%}|{{.*?}}|<!DOCTYPE[^>]*>|<(?:svg|script).*?</(?:svg|script)>|<[^>]*>",
    re.DOTALL,
)
IN_ATTRIBUTE = re.compile(r"\b(?:label|help|note|title|alt|placeholder|aria-label)=\"([^\"{]+)\"")


def translations(language: str) -> dict[str, str]:
    return {str(m.id): str(m.string) for m in messages.catalogue(language) if m.id}


def test_the_settings_name_english_and_every_language_that_has_a_catalogue() -> None:
    assert sorted(tag for tag, _ in settings.LANGUAGES) == sorted(["en", *LANGUAGES])


def test_texts_inside_the_call_of_another_text_are_found() -> None:
    source = """
raise PageError(
    "invalid_request",
    "the " "description",
    detail=(f"an {address}"),
    title=_("Title"),
    facts=(Fact(_("Heading"), (_("Fact"),), True), Fact(gettext("Other"), ())),
)
"""
    found = sorted(messages.texts_in_python(source))
    assert found == ["Fact", "Heading", "Other", "Title", "the description"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_has_every_text_and_no_other(language: str) -> None:
    assert set(translations(language)) == set(messages.texts())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_translated(language: str) -> None:
    catalogue: Catalog = messages.catalogue(language)
    assert [m.id for m in catalogue if m.id and (not m.string or m.fuzzy)] == []
    same = {text for text, translated in translations(language).items() if text == translated}
    assert same <= SAME_EVERYWHERE


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_has_the_placeholders_and_tags_of_its_text(language: str) -> None:
    for text, translated in translations(language).items():
        found = PLACEHOLDER_OR_TAG.findall
        assert sorted(found(text)) == sorted(found(translated)), text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_catalogue_is_made_of_the_text(language: str) -> None:
    compiled = messages.LOCALE / language / "LC_MESSAGES/django.mo"
    assert compiled.read_bytes() == messages.as_mo(language)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(messages.ROOT)))
def test_a_page_has_no_text_that_nobody_can_translate(path: Path) -> None:
    template = path.read_text()
    left = NOT_A_TEXT.sub(" ", template).replace("Gatehouse", "")
    assert re.findall(r"[^\W\d_]+", left) == []
    assert IN_ATTRIBUTE.findall(template) == []
