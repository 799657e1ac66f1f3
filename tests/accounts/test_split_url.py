"""URLs are taken apart in one place, which fails in one way only."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from accounts.split_url import MalformedURL, find_host, split_url

PIECES = st.sampled_from(["http", "app", ":", "/", "//", "[", "]", "::1", "@", "a", "1", "%", "?"])


@given(st.lists(PIECES | st.text(max_size=3), max_size=12).map("".join))
@example("app://[")
@example("http://a:99999/")
@example("http://a:x/")
@example("http://[v1.x]/")
@example("http://\u2100.example/")
def test_any_text_is_a_url_or_malformed(text: str) -> None:
    try:
        url = split_url(text)
    except MalformedURL as error:
        assert str(error) == "malformed URL"
        assert find_host(text) == ""
        return
    assert find_host(text) == url.hostname
    assert url.port is None or 0 <= url.port < 65536


@pytest.mark.parametrize("text", ["app://[", "http://a:99999/", "http://a:x/", "http://[::1"])
def test_what_the_standard_library_fails_at_is_malformed(text: str) -> None:
    with pytest.raises(MalformedURL):
        split_url(text)


def test_a_url_moves_to_another_origin() -> None:
    moved = split_url("http://evil.example:1/a/b?c=d#e").on(split_url("https://id.example"))
    assert moved == "https://id.example/a/b?c=d#e"
