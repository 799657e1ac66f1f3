"""JSON bodies mean one thing only. RFC 8259; RFC 7493 (I-JSON) section 2.3."""

from __future__ import annotations

import pytest

from oidc.doors.body import read_json
from oidc.errors import ProtocolError
from tests.support.battery import DEEP


def test_an_object_is_read() -> None:
    assert read_json('{"a": [1, {"b": null}], "c": "é"}') == {"a": [1, {"b": None}], "c": "é"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '"text"',
        "5",
        '{"a": NaN}',
        '{"a": [Infinity, -Infinity]}',
        '{"a": 1, "a": 1}',
        '{"a": {"b": 1, "b": 2}}',
        '{"a": 1} {}',
        "{'a': 1}",
        f'{{"a": {DEEP}}}',
        '{"a": ' + "9" * 5000 + "}",
    ],
    ids=lambda text: text[:24] or "empty",
)
def test_whatever_is_not_plain_json_is_invalid_request(text: str) -> None:
    with pytest.raises(ProtocolError) as refused:
        read_json(text)
    assert (refused.value.error, refused.value.status_code) == ("invalid_request", 400)
