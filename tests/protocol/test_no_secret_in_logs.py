"""No value that opens anything is written down: in either form of the log, at any level, even when
the server itself is defective; nor in the table of failures, nor in a redirect but to the client.

`test_logs.py` reads the log of a whole installation; here every kind of request is looked at.
"""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import structlog
from django.conf import settings as django_settings
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client as DjangoClient

from accounts.people import create_person
from authserver.logs import logging_configuration, redact
from oidc.endpoints import token as token_endpoint
from oidc.models import FailedRequest
from tests.clients.keys_for_tests import private_jwk
from tests.protocol.test_interaction_pages import csrf, log_in
from tests.protocol.test_store_unavailable import cluster_away, database_away
from tests.support.assertions import Signer
from tests.support.doors import FORM, Answer, Browser, Send
from tests.support.relying_party import RelyingParty, basic

WRONG = "Wr0ng-but-still-nobodys-business"


@contextmanager
def written_log(form: str) -> Iterator[io.StringIO]:
    """Log as the server would with `LOG_LEVEL=DEBUG` and this `LOG_FORMAT`."""
    written = io.StringIO()
    kept = logging.root.handlers[:]
    logging_configuration("DEBUG", form)
    (handler,) = logging.root.handlers
    handler.setStream(written)
    try:
        yield written
    finally:
        logging_configuration(django_settings.LOG_LEVEL, django_settings.LOG_FORMAT)
        logging.root.handlers[:] = kept


class Secrets(dict[str, str]):
    """Every secret value that was seen, by what it is."""

    def of_tokens(self, name: str, tokens: dict[str, Any]) -> None:
        for member in ("access_token", "refresh_token", "id_token"):
            # Of a JWT the signature is what makes it worth something.
            self[f"{name} {member}"] = tokens[member].rpartition(".")[2]

    def found_in(self, text: str) -> list[str]:
        return [name for name, value in self.items() if value in text]


def whole_sign_in(web: RelyingParty, browser: Browser, person: Any, secrets: Secrets) -> None:
    """Everything that works, and then everything that is refused."""
    secrets |= {"password": person.raw_password, "client secret": web.client_secret}
    secrets["code verifier"] = web.verifier
    started = web.authorize(browser)
    page = log_in(browser, started, person)
    back = browser.post(started.location, csrf(page) | {"decision": "allow"})
    secrets["code"] = code = back.redirect_members["code"]
    first = web.redeem(code).json()
    second = web.refresh(first["refresh_token"]).json()
    secrets.of_tokens("first", first)
    secrets.of_tokens("second", second)
    web.userinfo(second["access_token"])
    for token in (second["access_token"], second["refresh_token"]):
        web.introspect(token)
    browser.get("/accounts/")
    browser.get("/oauth2/authorize", **web.parameters(id_token_hint=second["id_token"]))

    secrets["wrong value"] = WRONG
    web.redeem(code)
    web.redeem(WRONG)
    web.redeem(code, code_verifier=WRONG * 2)
    web.refresh(first["refresh_token"])
    web.refresh(WRONG)
    web.userinfo(second["access_token"] + "x")
    web.userinfo(WRONG)
    web.introspect(WRONG)
    web.revoke(second["access_token"])
    web.revoke(second["refresh_token"])
    in_query = f"token={second['access_token']}&client_secret={web.client_secret}"
    headers = {"Content-Type": FORM, "Authorization": basic(web.client_id, WRONG)}
    for path in ("/oauth2/token", "/oauth2/introspect", "/oauth2/userinfo", "/oauth2/authorize"):
        web.send("POST", path, in_query, f"code={code}&code={code}".encode(), headers)
        web.send("POST", path, "", in_query.encode() + b"&x=%00", headers)
        web.send("GET", path, in_query, b"", headers | {"Authorization": f"Bearer {WRONG}"})
    web.authorize(browser, id_token_hint=WRONG)
    stranger = Browser(web.send)
    failed = csrf(stranger.get("/accounts/login/"))
    stranger.post("/accounts/login/", failed | {"login": person.username, "password": WRONG})
    stranger.post("/accounts/login/", {"login": person.username, "password": WRONG})
    secrets |= {f"cookie {name}": value for name, value in browser.cookies.items()}
    secrets |= {f"stranger's {name}": value for name, value in stranger.cookies.items()}
    browser.post("/accounts/logout/", csrf(browser.get("/accounts/logout/")))


def everything_in_sql() -> str:
    """Return the rows that requests leave behind, as text."""
    rows = [*FailedRequest.objects.values_list(), *LogEntry.objects.values_list()]
    assert rows
    return repr(rows)


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_whole_sign_in(web: RelyingParty, browser: Browser, alice: object, form: str) -> None:
    secrets = Secrets()
    with written_log(form) as written:
        whole_sign_in(web, browser, alice, secrets)
        logging.getLogger("anybody").debug("the lowest level is written")
    log = written.getvalue()
    assert web.client_id in log
    assert "the lowest level is written" in log
    assert secrets.found_in(log) == []
    assert secrets.found_in(everything_in_sql()) == []


@pytest.mark.parametrize("form", ["json", "console"])
def test_the_request_line_of_the_development_server(form: str) -> None:
    with written_log(form) as written:
        line = f"POST /oauth2/token?client_secret={WRONG} HTTP/1.1"
        logging.getLogger("django.server").warning('"%s" %s %s', line, "400", "76")
    assert "POST /oauth2/token HTTP/1.1" in written.getvalue()
    assert WRONG not in written.getvalue()


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_client_assertion(send: Send, form: str) -> None:
    signer, secrets = Signer(send), Secrets()
    with written_log(form) as written:
        for assertion in (signer.assertion(), signer.assertion(aud="x"), signer.assertion("two")):
            secrets[f"assertion {len(secrets)}"] = assertion.rpartition(".")[2]
            signer.send(assertion)
            signer.send(assertion)
    secrets["private key"] = private_jwk("ES256")["d"]
    assert signer.client_id in written.getvalue()
    assert secrets.found_in(written.getvalue()) == []


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_defect_and_an_outage(
    web: RelyingParty,
    browser: Browser,
    alice: object,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    form: str,
) -> None:
    """A traceback is for the one who mends it, but the values in its frames are not."""

    def defective(request: Any) -> None:
        code, authorization = request.form["code"], request.headers["authorization"]
        raise ZeroDivisionError(len(code) + len(authorization))

    secrets = Secrets({"client secret": web.client_secret, "code verifier": web.verifier})
    secrets["code"] = code = web.code_for(alice)
    secrets["password"] = alice.raw_password
    secrets["Basic"] = basic(web.client_id, web.client_secret).partition(" ")[2]
    fields = csrf(browser.get("/accounts/login/"))
    fields |= {"login": alice.username, "password": alice.raw_password}
    with written_log(form) as written:
        with monkeypatch.context() as patch:
            patch.setattr(token_endpoint, "server", lambda: _Defective(defective))
            assert web.redeem(code).status == 500
            patch.setattr("accounts.models.User.check_password", defective_check)
            assert browser.post("/accounts/login/", fields).status == 500
        with cluster_away(settings):
            assert web.redeem(code).status == 503
            assert browser.post("/accounts/login/", fields).status == 503
        with database_away():
            assert browser.post("/accounts/login/", fields).status == 503
    log = written.getvalue()
    assert "ZeroDivisionError" in log
    assert "Traceback" in log
    assert secrets.found_in(log) == []


class _Defective:
    def __init__(self, create_token_response: Any) -> None:
        self.create_token_response = create_token_response


def defective_check(self: Any, password: str) -> bool:
    raise ZeroDivisionError(len(password))


def test_a_new_clients_secret_and_a_new_persons_password(db: None) -> None:
    """As an administrator makes them: on pages whose context has them."""
    admin, password = create_person("root-of-this-test", "root@example.com", is_superuser=True)
    client = DjangoClient()
    client.force_login(admin)
    with written_log("json") as written:
        page = client.get("/admin/oidc/oauthclient/add/")
        assert page.status_code == 200
        machine = RelyingParty.register(lambda *_: Answer(0, [], b""), "machine", scope="api")
        client.get("/admin/oidc/oauthclient/")
        client.get("/admin/accounts/user/")
    assert password not in written.getvalue()
    assert machine.client_secret not in written.getvalue()


def test_redirects_carry_no_secret_but_the_code_to_the_client(
    web: RelyingParty, browser: Browser, alice: object
) -> None:
    locations: list[str] = []
    through = browser.send

    def noting(*request: Any) -> Answer:
        answer = through(*request)
        locations.append(answer.location)
        return answer

    browser.send = web.send = noting
    secrets = Secrets()
    whole_sign_in(web, browser, alice, secrets)
    to_clients = [each for each in locations if each.startswith(web.redirect_uri)]
    ours = [each for each in locations if each and each not in to_clients]
    assert len(ours) >= 4
    del secrets["code"], secrets["cookie gatehouse_csrf"]
    assert secrets.found_in(" ".join(locations)) == []
    codes = [each for each in to_clients if re.search(r"[?&]code=", each)]
    assert len(codes) == 2
    assert not any("code=" in each or web.state in each or web.client_id in each for each in ours)


def test_members_with_secret_names_are_blanked() -> None:
    """The second line of defence, should a caller forget."""
    event = redact(None, "info", {"event": "x", "password": WRONG, "refresh_token": WRONG})
    assert event == {"event": "x", "password": "[redacted]", "refresh_token": "[redacted]"}
    with written_log("json") as written:
        structlog.get_logger("test").warning("x", client_secret=WRONG)
    assert "[redacted]" in written.getvalue()
    assert WRONG not in written.getvalue()


def test_sql_is_not_logged(db: None) -> None:
    """Its parameters are what people are."""
    with written_log("json") as written, connection.cursor() as cursor:
        connection.force_debug_cursor = True
        cursor.execute("SELECT %s", [WRONG])
        connection.force_debug_cursor = False
    assert WRONG not in written.getvalue()
