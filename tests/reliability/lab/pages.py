"""The pages for people, as a load fills them in."""

from __future__ import annotations

import re

from tests.reliability.lab.holdings import Session
from tests.support.doors import Answer

_CSRF = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


class Unexpected(Exception):
    """A page on the way was not the one that was asked for."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def fill_in(session: Session, path: str, fields: dict[str, str]) -> Answer:
    """Open a page and send its form. A page that has none is the answer itself."""
    page = session.browser.get(path)
    token = _CSRF.search(page.text)
    if page.status != 200 or token is None:
        raise Unexpected(page)
    return session.browser.post(path, fields | {"csrfmiddlewaretoken": token[1]})
