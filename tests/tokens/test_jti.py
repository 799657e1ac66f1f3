"""No two tokens share a `jti`, whichever process issued them. Spec: RFC 7519 section 4.1.7."""

from __future__ import annotations

import os
import traceback

import jwt
import pytest

from oidc.clients.repository import find_client
from oidc.tokens.access_token import issue_machine_access_token
from tests.support.doors import send_to_wsgi
from tests.support.relying_party import RelyingParty

pytestmark = pytest.mark.django_db

PROCESSES, TOKENS = 3, 100


def jtis_of(client_id: str) -> list[str]:
    client = find_client(client_id)
    assert client is not None
    tokens = [issue_machine_access_token(client, ("api",))[0] for _ in range(TOKENS)]
    return [jwt.decode(token, options={"verify_signature": False})["jti"] for token in tokens]


def in_a_fork(client_id: str) -> list[str]:
    """Return what a child issues that has the memory of this process, unused random bytes too."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writing, " ".join(jtis_of(client_id)).encode())
            os._exit(0)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        issued = pipe.read().split()
    assert os.waitpid(child, 0)[1] == 0
    return issued


def test_processes_that_share_a_past_share_no_jti() -> None:
    machine = RelyingParty.register(send_to_wsgi, "machine", scope="api")
    issued = jtis_of(machine.client_id)
    for _ in range(PROCESSES):
        issued += in_a_fork(machine.client_id)
    issued += jtis_of(machine.client_id)
    assert len(set(issued)) == len(issued) == (PROCESSES + 2) * TOKENS
