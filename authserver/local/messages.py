"""Brings the catalogues of the pages up to date with the texts in code and templates.

A script for `make messages`. New texts arrive untranslated in each `.po` file, those that are gone
leave it, and the `.mo` file, which Django reads, is made of it. Both are kept in the repository, so
that nobody needs a compiler to run Gatehouse.
"""

from __future__ import annotations

import ast
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[2]
LOCALE = ROOT / "authserver/locale"
APPS = ("accounts", "authserver", "oidc")
_TEXT_POSITIONS = {
    "_": 0,
    "gettext": 0,
    "gettext_noop": 0,
    "PageError": 1,  # its description is what a person reads
}
"""Which argument of a call is a text."""
_TEMPLATE_KEYWORDS: dict[str, None] = {"_": None, "gettext": None}
_IN_THE_WORDS_OF_DJANGO = "templates/admin/"
"""Pages that stand in for Django's own, whose catalogues have their texts."""
_NO_DATE = datetime(2026, 1, 1, tzinfo=UTC)
_CHANGING_HEADERS = re.compile(
    rb'^"(Project-Id|POT-|PO-|Last-|Language-Team|Generated-|Report-)[^\n]*\n', re.MULTILINE
)
_PLACEHOLDER = re.compile(r"%\(\w+\)s")


def texts() -> dict[str, list[str]]:
    """Return every text that people read, and the files that have it."""
    found: dict[str, list[str]] = {}
    for path in _sources():
        for text in _texts_in(path):
            files = found.setdefault(text, [])
            name = str(path.relative_to(ROOT))
            if name not in files:
                files.append(name)
    return found


def catalogue(language: str) -> Catalog:
    """Return the catalogue of a language as its `.po` file has it."""
    with _po_file(language).open("rb") as file:
        result = read_po(file, locale=language)
    result.creation_date = result.revision_date = _NO_DATE
    return result


def updated(language: str, found: dict[str, list[str]]) -> Catalog:
    """Return the catalogue of a language with exactly these texts, keeping its translations."""
    known = catalogue(language) if _po_file(language).exists() else Catalog()
    result = Catalog(
        locale=language, project="Gatehouse", charset="utf-8", fuzzy=False, header_comment=""
    )
    for text, files in sorted(found.items()):
        message = known.get(text)
        flags = {"python-format"} if _PLACEHOLDER.search(text) else set()
        translated = message.string if message else ""
        result.add(text, translated, [(name, 0) for name in files], flags=flags)
    return result


def as_po(result: Catalog) -> bytes:
    """Return the text of a `.po` file, without anything that changes by itself."""
    file = io.BytesIO()
    write_po(file, result, width=100, include_lineno=False, omit_header=False)
    return _CHANGING_HEADERS.sub(b"", file.getvalue()).lstrip()


def as_mo(language: str) -> bytes:
    """Return what the `.mo` file of a language has to be, given its `.po` file."""
    file = io.BytesIO()
    write_mo(file, catalogue(language))
    return file.getvalue()


def languages() -> list[str]:
    """Return every language that has a catalogue."""
    return sorted(path.name for path in LOCALE.iterdir())


def main() -> None:
    """Rewrite all catalogues."""
    found = texts()
    for language in languages():
        result = updated(language, found)
        _po_file(language).parent.mkdir(exist_ok=True)
        _po_file(language).write_bytes(as_po(result))
        _po_file(language).with_suffix(".mo").write_bytes(as_mo(language))
        missing = sum(1 for message in result if message.id and not message.string)
        print(f"{language}: {len(result)} texts, {missing} without translation")


def _po_file(language: str) -> Path:
    return LOCALE / language / "LC_MESSAGES/django.po"


def _sources() -> Iterator[Path]:
    for app in APPS:
        for pattern in ("**/*.py", "**/templates/**/*.html", "**/templates/**/*.txt"):
            for path in sorted((ROOT / app).glob(pattern)):
                if _IN_THE_WORDS_OF_DJANGO not in str(path):
                    yield path


def _texts_in(path: Path) -> Iterator[str]:
    source = path.read_text()
    return texts_in_python(source) if path.suffix == ".py" else _texts_in_template(source)


def texts_in_python(source: str) -> Iterator[str]:
    """Yield the texts of a module, also of calls inside calls, which Babel loses."""
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            continue
        position = _TEXT_POSITIONS.get(node.func.id)
        if position is None or len(node.args) <= position:
            continue
        argument = node.args[position]
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            yield argument.value


def _texts_in_template(source: str) -> Iterator[str]:
    # What remains looks like Python but for its indentation.
    source = "\n".join(line.strip() for line in templatize(source).splitlines())
    for _, text, _, _ in extract("python", io.BytesIO(source.encode()), _TEMPLATE_KEYWORDS):
        if isinstance(text, str):
            yield text


if __name__ == "__main__":
    main()
