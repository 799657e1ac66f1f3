"""A copy of the whole cluster opens nothing, and tells nobody who somebody is.

A cluster of its own sees sign-ins, refreshes, replays, a wrong password, a password reset that was
opened and left, and requests that still wait for their person. Then everything in it is tried on
the server, in every place where a secret goes, by a thief who has the credentials of both clients
and the code verifier besides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings as configured
from django.core import mail

from authserver.local.cluster import LocalCluster
from oidc.interactions import browser_secrets
from oidc.keys import ring
from tests.protocol.test_interaction_pages import csrf, decide, log_in
from tests.protocol.test_rfc7523_private_key_jwt import Signer
from tests.stores.conftest import MakeCluster, StoresOn
from tests.stores.loot import dump, spoils
from tests.support.doors import Browser, send_to_wsgi
from tests.support.relying_party import RelyingParty, basic, new_person

SESSION_COOKIE = configured.SESSION_COOKIE_NAME
BROWSER_COOKIE = configured.GATEHOUSE["browser_cookie_name"]
NAME, PHONE = "Alice Pleasance Liddell", "+4915112345678"


@dataclass
class Scene:
    """What a full run leaves behind, and every secret of it that is still good."""

    cluster: LocalCluster
    person: Any
    web: RelyingParty
    machine: RelyingParty
    tokens: dict[str, Any]
    code: str
    session: str
    interaction: str
    browser_secret: str
    reset_page: str
    """Where somebody's reset goes on who has opened the link: the key is to come instead of this
    page's last name."""
    reset_key: str


@pytest.fixture
def scene(
    make_cluster: MakeCluster, stores_on: StoresOn, db: None, settings: Any
) -> Iterator[Scene]:
    cluster = make_cluster(3, 0)
    settings.ACCOUNT_RATE_LIMITS = {}  # allauth's own limits: they are counted in the cluster
    with stores_on(cluster.url):
        ring.forget()
        yield _play(cluster)


def _play(cluster: LocalCluster) -> Scene:
    person = new_person(name=NAME, phone_number=PHONE)
    web, browser = RelyingParty.register(send_to_wsgi), Browser(send_to_wsgi)
    waiting = web.authorize(browser, login_hint=person.email)
    _mistype_the_password(person)
    page = log_in(browser, waiting, person)
    answer = decide(browser, waiting.location, page, "allow")
    first = web.redeem(answer.redirect_members["code"]).json()
    tokens = web.refresh(first["refresh_token"]).json()
    _replay(web, person)

    machine = RelyingParty.register(send_to_wsgi, "machine", scope="api")
    signer = Signer(send_to_wsgi)
    assert signer.send(signer.assertion()).status == 200

    pending = web.authorize(
        browser, prompt="login", login_hint=person.username, id_token_hint=first["id_token"]
    )
    code = web.authorize(browser).redirect_members["code"]
    cookies = browser.cookies
    return Scene(
        cluster, person, web, machine, tokens, code,
        cookies[SESSION_COOKIE], pending.location.rpartition("/")[2], browser_secrets(cookies)[0],
        *_open_a_reset_and_leave(),
    )  # fmt: skip


def _open_a_reset_and_leave() -> tuple[str, str]:
    """Return the page that the link in the mail led to, and the key that was in the link."""
    person, browser = new_person(), Browser(send_to_wsgi)
    form = csrf(browser.get("/accounts/password/reset/")) | {"email": person.email}
    assert browser.post("/accounts/password/reset/", form).status == 302
    link = next(word for word in mail.outbox[-1].body.split() if "/reset/key/" in word)
    path = "/" + link.split("/", 3)[3]
    page = browser.get(path).location
    assert page.endswith("-set-password/")
    start = page.removesuffix("set-password/")
    return page, path.removeprefix(start).rstrip("/")


def _mistype_the_password(person: Any) -> None:
    browser = Browser(send_to_wsgi)
    page = browser.get("/accounts/login/")
    fields = {"login": person.username, "password": "not her password"}
    assert browser.post("/accounts/login/", csrf(page) | fields).status == 200


def _replay(web: RelyingParty, person: Any) -> None:
    used = web.code_for(person)
    assert web.redeem(used).status == 200
    assert web.redeem(used).status == 400


# --- Every place where a secret goes --------------------------------------------------------------


def as_session(scene: Scene, text: str) -> bool:
    browser = Browser(send_to_wsgi, {SESSION_COOKIE: text})
    return "code" in scene.web.authorize(browser, prompt="none").redirect_members


def as_code(scene: Scene, text: str) -> bool:
    return scene.web.redeem(text).status == 200


def as_refresh_token(scene: Scene, text: str) -> bool:
    return scene.web.refresh(text).status == 200


def as_access_token(scene: Scene, text: str) -> bool:
    answers = scene.web.userinfo(text).status == 200
    return answers or scene.web.introspect(text).json()["active"]


def as_client_secret(scene: Scene, text: str) -> bool:
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Authorization": basic(scene.machine.client_id, text),
    }
    form = b"grant_type=client_credentials"
    return send_to_wsgi("POST", "/oauth2/token", "", form, headers).status == 200


def as_interaction(scene: Scene, text: str) -> bool:
    path = f"/interaction/{text}"
    return Browser(send_to_wsgi).request("GET", path).status in (200, 302)


def as_browser_secret(scene: Scene, text: str) -> bool:
    browser = Browser(send_to_wsgi, {f"{BROWSER_COOKIE}-1": text})
    return browser.get(f"/interaction/{scene.interaction}").status in (200, 302)


def as_password(scene: Scene, text: str) -> bool:
    return bool(scene.person.check_password(text))


def as_reset_key(scene: Scene, text: str) -> bool:
    path = scene.reset_page.replace("set-password", quote(text, safe=""))
    return Browser(send_to_wsgi).get(path).status == 302


ATTEMPTS: tuple[Callable[[Scene, str], bool], ...] = (
    as_session,
    as_code,
    as_refresh_token,
    as_access_token,
    as_client_secret,
    as_interaction,
    as_browser_secret,
    as_password,
    as_reset_key,
)


def test_nothing_in_the_cluster_opens_anything(scene: Scene) -> None:
    found = dump(scene.cluster)
    kinds = {name.partition(":")[0] for name in found}
    assert {"code", "grant", "session", "sid", "user", "interaction", "replay", "cache"} <= kinds
    texts = spoils(found)
    assert len(texts) > len(found)

    worked = [
        (attempt.__name__, text)
        for text in sorted(texts)
        for attempt in ATTEMPTS
        if attempt(scene, text)
    ]

    assert worked == []
    _assert_that_the_real_ones_work(scene)


def _assert_that_the_real_ones_work(scene: Scene) -> None:
    """Otherwise the attempts prove nothing."""
    genuine = {
        as_session: scene.session,
        as_code: scene.code,
        as_refresh_token: scene.tokens["refresh_token"],
        as_access_token: scene.tokens["access_token"],
        as_client_secret: scene.machine.client_secret,
        as_browser_secret: scene.browser_secret,
        as_password: scene.person.raw_password,
        as_reset_key: scene.reset_key,
    }
    assert [each.__name__ for each, secret in genuine.items() if not each(scene, secret)] == []


def test_nothing_in_the_cluster_tells_who_somebody_is(scene: Scene) -> None:
    person = scene.person
    personal = (person.username, person.email, NAME, "Liddell", PHONE, person.password)
    found = dump(scene.cluster)

    told = [
        (name, each)
        for name, values in found.items()
        for text in (name, *spoils({name: values}))
        for each in personal
        if each in text
    ]

    assert told == []
