"""A browser without scripts: it follows links and sends the pages' own forms, nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

import requests

from tests.support.stack import Person

MOST_STEPS = 12


@dataclass
class Form:
    """A form as a page offers it."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class _Forms(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attributes}
        if tag == "form":
            self.forms.append(Form(values.get("action", "")))
        elif tag == "input" and self.forms and "name" in values:
            self.forms[-1].fields[values["name"]] = values.get("value", "")
        elif tag == "button" and self.forms and "name" in values:
            self.forms[-1].buttons.append((values["name"], values.get("value", "")))


class PlainBrowser:
    """One person's browser, over real HTTP."""

    def __init__(self, person: Person) -> None:
        self._person = person
        self.session = requests.Session()

    def authorize(self, url: str, redirect_uri: str) -> str:
        """Open an authorization URL, log in and allow as asked. Returns the URL of the answer."""
        answer = self.session.get(url, allow_redirects=False)
        for _ in range(MOST_STEPS):
            if answer.is_redirect:
                url = urljoin(answer.url, answer.headers["Location"])
                if url.startswith(redirect_uri):
                    return url
                answer = self.session.get(url, allow_redirects=False)
            else:
                answer = self._send_form(answer)
        raise AssertionError(f"no way back to the client from {answer.url}")

    def _send_form(self, page: requests.Response) -> requests.Response:
        assert page.status_code == 200, f"{page.status_code} at {page.url}: {page.text[:500]}"
        for form in _Forms(page.text).forms:
            if "password" in form.fields:
                answers = {"login": self._person.username, "password": self._person.password}
            elif ("decision", "allow") in form.buttons:
                answers = {"decision": "allow"}
            else:
                continue
            return self.session.post(
                urljoin(page.url, form.action),
                data=form.fields | answers,
                headers={"Referer": page.url},
                allow_redirects=False,
            )
        raise AssertionError(f"no form to go on with at {page.url}")
