"""A secret is shown once, in the answer to the POST that made it, and is nowhere else."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.core.cache import caches
from django.db import connection

from oidc.clients.repository import record_of
from oidc.models.client import OAuthClient
from tests.admin.client_pages import LIST, ClientPages, secret_of, text_of


def accepts(client_secret: str) -> bool:
    return record_of(OAuthClient.objects.get()).check_client_secret(client_secret)


def test_a_new_client_shows_its_secret_in_the_answer(pages: ClientPages) -> None:
    answer = pages.add()
    assert answer.status_code == 200
    client_secret = secret_of(answer)
    assert accepts(client_secret)
    assert f"OIDC_CLIENT_SECRET={client_secret}" in text_of(answer)
    assert "no-store" in answer["Cache-Control"] and "private" in answer["Cache-Control"]


def test_a_reload_leads_elsewhere(pages: ClientPages) -> None:
    """The script puts this address into the bar, so that a reload does not repeat the POST."""
    answer = pages.add()
    assert f'data-replace-url="{pages.url(OAuthClient.objects.get())}"' in text_of(answer)
    assert "oidc/admin.js" in text_of(answer)


@pytest.mark.parametrize("profile", ["spa", "native"])
def test_a_public_client_goes_straight_to_its_page(pages: ClientPages, profile: str) -> None:
    answer = pages.add(profile)
    assert answer.status_code == 302
    page = pages.browser.get(answer["Location"])
    assert "is registered" in text_of(page)
    assert "rotate-secret" not in text_of(page)


def test_the_secret_is_on_no_later_page(pages: ClientPages) -> None:
    client_secret = secret_of(pages.add())
    client = OAuthClient.objects.get()
    for page in (
        pages.open(client),
        pages.open(client, "history"),
        pages.open(client, "rotate-secret"),
        pages.browser.get(LIST),
        pages.browser.get("/admin/"),
    ):
        assert page.status_code == 200
        assert client_secret not in text_of(page)
        assert client.client_secrets[0]["sha256"] not in text_of(page)


def test_the_secret_is_stored_nowhere(pages: ClientPages, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secrets = [secret_of(pages.add())]
    client = OAuthClient.objects.get()
    secrets.append(secret_of(pages.press(client, "rotate-secret", overlap_seconds="3600")))
    everything = "\n".join(_all_of_sql())
    everything += repr(dict(pages.browser.session.items())) + str(pages.browser.cookies)
    everything += "\n".join(_all_of_redis()) + caplog.text
    assert client.client_id in everything
    for client_secret in secrets:
        assert accepts(client_secret)
        assert client_secret not in everything


def test_rotation_shows_the_new_secret_and_keeps_the_old_one_for_the_overlap(
    pages: ClientPages,
) -> None:
    old = secret_of(pages.add())
    client = OAuthClient.objects.get()
    assert "stays valid" in text_of(pages.open(client, "rotate-secret"))
    new = secret_of(pages.press(client, "rotate-secret", overlap_seconds="86400"))
    assert accepts(old) and accepts(new)
    assert "replaced; valid until" in text_of(pages.open(client))
    newest = secret_of(pages.press(client, "rotate-secret", overlap_seconds="0"))
    assert not accepts(old) and not accepts(new) and accepts(newest)


def test_opening_the_page_of_rotation_rotates_nothing(pages: ClientPages) -> None:
    client_secret = secret_of(pages.add())
    before = OAuthClient.objects.get().client_secrets
    pages.open(OAuthClient.objects.get(), "rotate-secret")
    assert OAuthClient.objects.get().client_secrets == before and accepts(client_secret)


@pytest.mark.parametrize("overlap", ["", "-1", "x", "31536000"])
def test_an_overlap_that_was_not_offered_rotates_nothing(pages: ClientPages, overlap: str) -> None:
    client_secret = secret_of(pages.add())
    before = OAuthClient.objects.get().client_secrets
    answer = pages.press(OAuthClient.objects.get(), "rotate-secret", overlap_seconds=overlap)
    assert answer.status_code == 200 and "Client secret" not in text_of(answer)
    assert OAuthClient.objects.get().client_secrets == before and accepts(client_secret)


def test_a_public_client_cannot_be_given_a_secret(pages: ClientPages) -> None:
    client = pages.made("spa")
    answer = pages.press(client, "rotate-secret", overlap_seconds="0")
    assert "Client secret" not in text_of(answer)
    assert OAuthClient.objects.get().client_secrets == []


def _all_of_sql() -> list[str]:
    with connection.cursor() as cursor:
        rows = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            rows += [repr(row) for row in cursor.fetchall()]
    return rows


def _all_of_redis() -> list[str]:
    cluster = caches["default"].client.get_client()
    keys = list(cluster.scan_iter(match="*", count=1000))
    return [repr((key, _value_of(cluster, key))) for key in keys]


def _value_of(cluster: Any, key: bytes) -> object:
    """Return what a key holds; nothing if it has expired since it was found."""
    read = {b"string": cluster.get, b"hash": cluster.hgetall, b"zset": cluster.zscan}
    kind = cluster.type(key)
    return None if kind == b"none" else read[kind](key)
