"""What each endpoint costs: SQL queries and round trips to the cluster, pinned.

Wherever a number here grows, somebody has to say why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import account_state
from accounts.claims import find_username
from oidc.keys.ring import key_ring
from oidc.stores import redis
from oidc.stores.redis.cluster import cluster
from oidc.stores.redis.counters import counters
from oidc.stores.redis.script import Script
from tests.clients.keys_for_tests import public_jwk
from tests.support.assertions import Signer
from tests.support.doors import Answer, Browser, send_to_django, send_to_wsgi
from tests.support.relying_party import RelyingParty, new_person, sign_in


@dataclass
class Cost:
    """Filled in when the block ends."""

    sql: int = 0
    round_trips: int = 0

    def __str__(self) -> str:
        return f"{self.sql} SQL, {self.round_trips} round trips"


@contextmanager
def costing() -> Iterator[Cost]:
    cost, before = Cost(), counters.round_trips
    with CaptureQueriesContext(connection) as queries:
        yield cost
    cost.sql = len(queries)
    cost.round_trips = counters.round_trips - before


@pytest.fixture(autouse=True, scope="module")
def _scripts_are_known() -> None:
    """A master that meets a script for the first time costs one round trip more: not here."""
    folder = Path(redis.__file__).parent
    modules = [import_module(f"{redis.__name__}.{path.stem}") for path in folder.glob("*.py")]
    scripts = {
        value._source.decode()
        for module in modules
        for value in vars(module).values()
        if isinstance(value, Script)
    }
    for node in cluster().commands().get_primaries():
        for source in scripts:
            node.redis_connection.script_load(source)


@pytest.fixture
def web(db: None) -> RelyingParty:
    """A client that is in memory already, as are the keys."""
    client = RelyingParty.register(send_to_wsgi)
    client.redeem("x")
    key_ring()
    return client


@pytest.fixture
def machine(db: None) -> RelyingParty:
    client = RelyingParty.register(send_to_wsgi, "machine", scope="api")
    client.token({"grant_type": "client_credentials"})
    return client


@pytest.fixture
def alice(db: None) -> object:
    return new_person()


@pytest.fixture
def signed_in(web: RelyingParty, alice: object) -> Browser:
    browser = Browser(send_to_wsgi)
    sign_in(browser, alice)
    web.consented_by(alice)
    return browser


def assert_costs(call: Callable[[], Answer], status: int, *, sql: int, round_trips: int) -> Answer:
    with costing() as cost:
        answer = call()
    assert answer.status == status, answer.text
    assert str(cost) == str(Cost(sql, round_trips))
    return answer


def test_token_with_a_code(web: RelyingParty, alice: object) -> None:
    code = web.code_for(alice)
    assert_costs(lambda: web.redeem(code), 200, sql=0, round_trips=1)


def test_token_with_a_refresh_token(web: RelyingParty, alice: object) -> None:
    token = web.tokens_for(alice)["refresh_token"]
    assert_costs(lambda: web.refresh(token), 200, sql=0, round_trips=1)


def test_token_with_client_credentials(machine: RelyingParty) -> None:
    form = {"grant_type": "client_credentials"}
    assert_costs(lambda: machine.token(form), 200, sql=0, round_trips=0)


def test_token_with_an_assertion_asks_whether_it_is_new(db: None) -> None:
    signer = Signer(send_to_wsgi)
    signer.send(signer.assertion())
    assertion = signer.assertion()
    assert_costs(lambda: signer.send(assertion), 200, sql=0, round_trips=1)


def test_a_client_is_read_once_in_a_while(web: RelyingParty, alice: object) -> None:
    other = RelyingParty.register(send_to_wsgi, "machine", scope="api")
    form = {"grant_type": "client_credentials"}
    assert_costs(lambda: other.token(form), 200, sql=1, round_trips=0)
    assert_costs(lambda: other.token(form), 200, sql=0, round_trips=0)


def test_forged_tokens_and_codes_of_nobody_never_reach_the_cluster(
    web: RelyingParty, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one SQL statement keeps the failure for the admin; introspection has none to keep."""
    assert_costs(lambda: web.refresh("A" * 54), 400, sql=1, round_trips=0)
    assert_costs(lambda: web.redeem("x"), 400, sql=1, round_trips=0)
    assert_costs(lambda: web.userinfo("x.y.z"), 401, sql=1, round_trips=0)
    assert_costs(lambda: web.introspect("x.y.z"), 200, sql=0, round_trips=0)
    assert_costs(lambda: web.revoke("x.y.z"), 200, sql=0, round_trips=0)


def test_introspection(web: RelyingParty, machine: RelyingParty, alice: object) -> None:
    tokens = web.tokens_for(alice)
    find_username(str(alice.pk))  # known in this process, as after a sign-in, for seconds
    for token in (tokens["access_token"], tokens["refresh_token"]):
        assert_costs(lambda token=token: web.introspect(token), 200, sql=0, round_trips=1)
    own = machine.token({"grant_type": "client_credentials"}).json()["access_token"]
    assert_costs(lambda: machine.introspect(own), 200, sql=0, round_trips=1)


def test_introspection_reads_a_name_once_in_a_while(web: RelyingParty, alice: object) -> None:
    tokens = web.tokens_for(alice)
    for sql in (1, 0):
        token = tokens["access_token"]
        assert_costs(lambda token=token: web.introspect(token), 200, sql=sql, round_trips=1)


def test_introspection_without_a_name_needs_no_sql(web: RelyingParty, alice: object) -> None:
    tokens = web.tokens_for(alice, scope="openid email")
    assert_costs(lambda: web.introspect(tokens["access_token"]), 200, sql=0, round_trips=1)


def test_revocation(web: RelyingParty, alice: object) -> None:
    tokens = web.tokens_for(alice)
    for token in (tokens["access_token"], tokens["refresh_token"]):
        assert_costs(lambda token=token: web.revoke(token), 200, sql=0, round_trips=1)


def test_userinfo(web: RelyingParty, alice: object) -> None:
    token = web.tokens_for(alice)["access_token"]
    assert_costs(lambda: web.userinfo(token), 200, sql=1, round_trips=1)


def test_an_account_is_read_once_in_a_while(
    web: RelyingParty, signed_in: Browser, alice: object
) -> None:
    """Whether it is still active. Every other cost here is that of an account in memory."""
    tokens, code = web.tokens_for(alice), web.code_for(alice)
    find_username(str(alice.pk))  # introspection tells it, from a memory of its own
    account_state._memory.clear()
    for sql in (1, 0):
        introspect = lambda: web.introspect(tokens["access_token"])  # noqa: E731
        assert_costs(introspect, 200, sql=sql, round_trips=1)
    account_state._memory.clear()
    assert_costs(lambda: web.redeem(code), 200, sql=1, round_trips=1)
    account_state._memory.clear()
    assert_costs(lambda: web.refresh(tokens["refresh_token"]), 200, sql=1, round_trips=1)
    account_state._memory.clear()
    assert_costs(lambda: web.authorize(signed_in), 303, sql=2, round_trips=2)


def test_authorize_with_session_and_consent(web: RelyingParty, signed_in: Browser) -> None:
    answer = assert_costs(lambda: web.authorize(signed_in), 303, sql=1, round_trips=2)
    assert "code" in answer.redirect_members


@pytest.mark.parametrize(
    ("response_type", "sql"),
    [
        ("id_token", 2),  # the claims, which nothing else will deliver
        ("id_token token", 1),
        ("code id_token", 1),
        ("code token", 1),
        ("code id_token token", 1),
    ],
)
def test_authorize_with_tokens_in_the_answer(alice: object, response_type: str, sql: int) -> None:
    client = RelyingParty.register(send_to_wsgi, "oidc-compat")
    client.redeem("x")
    key_ring()
    browser = Browser(send_to_wsgi)
    sign_in(browser, alice)
    client.consented_by(alice)
    ask = lambda: client.authorize(browser, response_type=response_type)  # noqa: E731
    answer = assert_costs(ask, 303, sql=sql, round_trips=2)
    assert "error" not in answer.redirect_members


@pytest.mark.parametrize(
    "metadata",
    [
        {"id_token_signed_response_alg": "HS256"},
        {"id_token_signed_response_alg": "EdDSA"},
        {"id_token_encrypted_response_alg": "ECDH-ES", "jwks": {"keys": [public_jwk("ES256")]}},
        {"subject_type": "pairwise"},
    ],
    ids=lambda metadata: next(iter(metadata)),
)
def test_tokens_as_registered_cost_no_more(alice: object, metadata: dict[str, object]) -> None:
    client = RelyingParty.register(send_to_wsgi, **metadata)
    tokens = client.tokens_for(alice)  # the salt is read once in the life of a process
    code = client.code_for(alice)
    assert_costs(lambda: client.redeem(code), 200, sql=0, round_trips=1)
    token = tokens["refresh_token"]
    assert_costs(lambda: client.refresh(token), 200, sql=0, round_trips=1)


def test_authorize_without_a_session(web: RelyingParty) -> None:
    browser = Browser(send_to_wsgi)
    assert_costs(lambda: web.authorize(browser), 303, sql=0, round_trips=1)
    assert_costs(lambda: web.authorize(browser, prompt="none"), 303, sql=0, round_trips=0)


@pytest.mark.parametrize(
    "path",
    [
        "/.well-known/jwks.json",
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server",
    ],
)
def test_documents_cost_nothing(web: RelyingParty, path: str) -> None:
    assert_costs(lambda: send_to_wsgi("GET", path, "", b"", {}), 200, sql=0, round_trips=0)


def test_refusals_at_the_door_cost_nothing_but_their_row(web: RelyingParty) -> None:
    for path in ("/oauth2/token", "/oauth2/introspect", "/oauth2/revoke"):
        refuse = lambda path=path: send_to_wsgi("PUT", path, "", b"", {})  # noqa: E731
        assert_costs(refuse, 405, sql=1, round_trips=0)


def test_the_other_door_costs_the_same(web: RelyingParty, alice: object) -> None:
    web.send = send_to_django
    tokens, code = web.tokens_for(alice), web.code_for(alice)
    assert_costs(lambda: web.redeem(code), 200, sql=0, round_trips=1)
    assert_costs(lambda: web.userinfo(tokens["access_token"]), 200, sql=1, round_trips=1)
    assert_costs(lambda: web.introspect(tokens["access_token"]), 200, sql=0, round_trips=1)


def test_a_visitor_without_a_session_costs_pages_no_round_trip(db: None) -> None:
    for path in ("/accounts/login/", "/health/live"):
        get = lambda path=path: send_to_wsgi("GET", path, "", b"", {})  # noqa: E731
        assert_costs(get, 200, sql=0, round_trips=0)
