"""One use of an initial access token is one client, whoever comes at the same moment."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from authserver.local.ports import free_base_port
from tests.protocol.registering import GOOD
from tests.stores.concurrency import all_at_once
from tests.support.server import Installation, install, running

pytestmark = pytest.mark.xdist_group("stack")
CALLERS = 8


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Installation, list[str]]]:
    """Two server processes of one installation, where a token is needed."""
    port = free_base_port(2)
    urls = [f"http://localhost:{port + offset}" for offset in range(2)]
    directory = tmp_path_factory.mktemp("registration")
    redis_url = os.environ["REDIS_URL"]
    installation = install(directory, urls[0], redis_url, GATEHOUSE_REGISTRATION="token")
    installation.manage("migrate", "--verbosity", "0")
    with running(installation.server()), running(installation.server(urls[1])):
        yield installation, urls


def initial_access_token(installation: Installation, uses: int) -> str:
    text = installation.manage("registration_token", "create", "x", "--uses", str(uses), "--json")
    token: str = json.loads(text)["initial_access_token"]
    return token


def register(url: str, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    answer = requests.post(f"{url}/oauth2/register", json=GOOD, headers=headers, timeout=20)
    return answer.status_code


@pytest.mark.parametrize("uses", [1, 3])
def test_eight_callers_get_as_many_clients_as_the_token_has_uses(servers: Any, uses: int) -> None:
    installation, urls = servers
    token = initial_access_token(installation, uses)
    before = len(json.loads(installation.manage("client", "list", "--json")))
    calls = [
        lambda url=urls[number % 2]: register(url, token)  # type: ignore[misc]
        for number in range(CALLERS)
    ]
    assert Counter(all_at_once(calls)) == {201: uses, 401: CALLERS - uses}
    after = len(json.loads(installation.manage("client", "list", "--json")))
    assert after - before == uses
