"""OpenID Connect Back-Channel Logout 1.0: what clients are told, and by which ways out."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from django.core.management import call_command
from django.test import Client as DjangoClient
from joserfc import jwe
from joserfc import jws as joserfc_jws
from joserfc.jwk import KeySet, RSAKey

from accounts.people import create_person
from oidc.logout.delivery import Deliveries
from oidc.models import LogoutNotification
from oidc.stores.redis import sign_ons
from tests.protocol.test_interaction_pages import csrf, fill_in
from tests.support.doors import Answer, Browser, Send
from tests.support.receiver import Delivery, Receiver, receiving
from tests.support.relying_party import ISSUER, RelyingParty, new_person, sign_in
from tests.support.signing_out import (
    BACK_CHANNEL,
    confirm,
    log_out,
    notified,
    register,
    signed_in_through,
)

EVENT = "http://schemas.openid.net/event/backchannel-logout"


@pytest.fixture(autouse=True)
def private_addresses(settings: Any) -> None:
    """Let tokens be sent to this machine."""
    settings.GATEHOUSE = {**settings.GATEHOUSE, "fetch_private_addresses": True}


@pytest.fixture
def receiver() -> Any:
    with receiving() as receiver:
        yield receiver


def deliver() -> None:
    """Do what a worker does until nothing is due."""
    deliveries = Deliveries()
    while deliveries.step(5):
        pass
    deliveries.finish()


def delivered_to(
    receiver: Receiver, browser: Browser, client: RelyingParty, person: Any
) -> Delivery:
    """Sign somebody in and out, and return the one delivery that the client got."""
    hint = signed_in_through(browser, client, person)["id_token"]
    log_out(browser, id_token_hint=hint)
    deliver()
    [delivery] = receiver.deliveries
    return delivery


# --- Section 2.4: the logout token ----------------------------------------------------------------


def test_2_4_the_token_has_exactly_its_claims(
    browser: Browser, send: Send, alice: Any, receiver: Receiver
) -> None:
    client = register(send, backchannel_logout_uri=receiver.uri)
    hint = signed_in_through(browser, client, alice)["id_token"]
    before = int(time.time())
    log_out(browser, id_token_hint=hint)
    deliver()
    [delivery] = receiver.deliveries
    claims = jwt.decode(delivery.token, options={"verify_signature": False})
    jti, iat, exp = claims.pop("jti"), claims.pop("iat"), claims.pop("exp")
    id_token = jwt.decode(hint, options={"verify_signature": False})
    assert claims == {
        "iss": ISSUER,
        "sub": str(alice.pk),
        "aud": client.client_id,
        "sid": id_token["sid"],
        "events": {EVENT: {}},
    }
    assert len(jti) >= 20
    assert before <= iat <= time.time()
    assert 0 < exp - iat <= 120


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "EdDSA"])
def test_2_4_it_is_signed_like_the_clients_id_tokens(
    browser: Browser, send: Send, alice: Any, receiver: Receiver, algorithm: str
) -> None:
    client = register(
        send, backchannel_logout_uri=receiver.uri, id_token_signed_response_alg=algorithm
    )
    token = delivered_to(receiver, browser, client, alice).token
    keys = KeySet.import_key_set(browser.get("/.well-known/jwks.json").json())
    verified = joserfc_jws.deserialize_compact(token, keys, algorithms=[algorithm])
    assert verified.headers() == {
        "alg": algorithm,
        "typ": "logout+jwt",
        "kid": verified.headers()["kid"],
    }


def test_2_4_with_the_clients_secret_where_it_registered_hs256(
    browser: Browser, send: Send, alice: Any, receiver: Receiver
) -> None:
    client = register(
        send, backchannel_logout_uri=receiver.uri, id_token_signed_response_alg="HS256"
    )
    signed_in_through(browser, client, alice)
    by_the_account_page(browser, alice)
    deliver()
    token = receiver.deliveries[0].token
    jwt.decode(token, str(client.client_secret), algorithms=["HS256"], audience=client.client_id)
    assert jwt.get_unverified_header(token)["typ"] == "logout+jwt"


def test_2_4_it_is_encrypted_where_the_client_registered_that_for_id_tokens(
    browser: Browser, send: Send, alice: Any, receiver: Receiver
) -> None:
    key = RSAKey.generate_key(2048, {"kid": "own", "use": "enc", "alg": "RSA-OAEP-256"})
    client = register(
        send,
        backchannel_logout_uri=receiver.uri,
        jwks={"keys": [key.as_dict(private=False)]},
        id_token_encrypted_response_alg="RSA-OAEP-256",
        id_token_encrypted_response_enc="A256GCM",
    )
    sign_in(browser, alice)
    client.consented_by(alice)
    client.redeem(client.authorize(browser).redirect_members["code"])
    by_the_account_page(browser, alice)
    deliver()
    [delivery] = receiver.deliveries
    algorithms = ["RSA-OAEP-256", "A256GCM"]
    nested = jwe.decrypt_compact(delivery.token, key, algorithms=algorithms).plaintext
    claims = jwt.decode(nested, options={"verify_signature": False})
    assert claims["events"] == {EVENT: {}}
    assert jwt.get_unverified_header(nested)["typ"] == "logout+jwt"


def test_2_4_a_pairwise_client_is_told_the_sub_that_it_knows(
    browser: Browser, send: Send, alice: Any, receiver: Receiver
) -> None:
    client = register(send, backchannel_logout_uri=receiver.uri, subject_type="pairwise")
    hint = signed_in_through(browser, client, alice)["id_token"]
    log_out(browser, id_token_hint=hint)
    deliver()
    [delivery] = receiver.deliveries
    told = jwt.decode(delivery.token, options={"verify_signature": False})["sub"]
    assert told == jwt.decode(hint, options={"verify_signature": False})["sub"]
    assert told != str(alice.pk)


def test_2_4_every_attempt_has_a_token_of_its_own(browser: Browser, send: Send, alice: Any) -> None:
    with receiving(500) as receiver:
        client = register(send, backchannel_logout_uri=receiver.uri)
        delivered_to(receiver, browser, client, alice)
        make_due()
        deliver()
        tokens = [delivery.token for delivery in receiver.deliveries]
    ids = {jwt.decode(token, options={"verify_signature": False})["jti"] for token in tokens}
    assert len(ids) == 2


# --- Section 2.5: the request ---------------------------------------------------------------------


def test_2_5_it_is_a_form_with_one_field(
    browser: Browser, send: Send, alice: Any, receiver: Receiver
) -> None:
    client = register(send, backchannel_logout_uri=f"{receiver.uri}?tenant=1")
    delivery = delivered_to(receiver, browser, client, alice)
    assert delivery.path == "/back-channel?tenant=1"
    assert delivery.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert set(delivery.form) == {"logout_token"}
    assert not {"Cookie", "Authorization", "Referer"} & set(delivery.headers)


# --- Section 2.8: the answer ----------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 204])
def test_2_8_success(browser: Browser, send: Send, alice: Any, status: int) -> None:
    with receiving(status) as receiver:
        client = register(send, backchannel_logout_uri=receiver.uri)
        delivered_to(receiver, browser, client, alice)
    notification = LogoutNotification.objects.get()
    assert (notification.status, notification.attempts) == ("delivered", 1)
    assert notification.outcome == f"status {status}"


@pytest.mark.parametrize("status", [0, 201, 302, 400, 404, 429, 500, 503])
def test_2_8_anything_else_is_tried_again(
    browser: Browser, send: Send, alice: Any, status: int
) -> None:
    with receiving(status) as receiver:
        client = register(send, backchannel_logout_uri=receiver.uri)
        delivered_to(receiver, browser, client, alice)
        notification = LogoutNotification.objects.get()
        assert (notification.status, notification.attempts) == ("pending", 1)
        assert str(status) in notification.outcome or status == 0
        make_due()
        deliver()
        notification.refresh_from_db()
        assert (notification.status, notification.attempts) == ("delivered", 2)
        assert len(receiver.deliveries) == 2


# --- Every way out --------------------------------------------------------------------------------


def make_due() -> None:
    LogoutNotification.objects.update(next_attempt_at=LogoutNotification.objects.get().created_at)


def by_the_account_page(browser: Browser, person: Any) -> Any:
    page = browser.get("/accounts/logout/")
    return confirm(browser, page, "/accounts/logout/")


def by_the_logout_endpoint(browser: Browser, person: Any) -> Any:
    path = browser.get("/oauth2/logout").location
    return confirm(browser, browser.get(path), path)


def by_the_admin(browser: Browser, person: Any) -> Any:
    person.is_staff = True
    person.save()
    return browser.post("/admin/logout/", csrf(browser.get("/accounts/logout/")))


def everywhere(browser: Browser, person: Any) -> Any:
    page = browser.get("/accounts/sign-out-everywhere/")
    return confirm(browser, page, "/accounts/sign-out-everywhere/")


def by_another_browser(browser: Browser, person: Any) -> Any:
    other = Browser(browser.send)
    sign_in(other, person)
    return everywhere(other, person)


def by_command(browser: Browser, person: Any) -> None:
    call_command("user", "revoke", person.username)


def by_the_admins_action(browser: Browser, person: Any) -> None:
    admin, _ = create_person("root", is_superuser=True)
    client = DjangoClient()
    client.force_login(admin)
    action = {"action": "sign_out_everywhere", "_selected_action": [str(person.pk)]}
    assert client.post("/admin/accounts/user/", action).status_code == 302


def by_being_disabled(browser: Browser, person: Any) -> None:
    person.is_active = False
    person.save()


def by_another_password(browser: Browser, person: Any) -> None:
    person.set_password("quite another password")
    person.save()


def by_being_deleted(browser: Browser, person: Any) -> None:
    type(person).objects.filter(pk=person.pk).delete()


WAYS = (
    by_the_account_page,
    by_the_logout_endpoint,
    by_the_admin,
    everywhere,
    by_another_browser,
    by_command,
    by_the_admins_action,
    by_being_disabled,
    by_another_password,
    by_being_deleted,
)


@pytest.mark.parametrize("leave", WAYS)
def test_whoever_signs_somebody_out_every_client_is_told(
    send: Send, browser: Browser, alice: Any, leave: Callable[[Browser, Any], Any]
) -> None:
    clients = [register(send, backchannel_logout_uri=BACK_CHANNEL) for _ in range(2)]
    silent = register(send)
    for client in (*clients, silent):
        signed_in_through(browser, client, alice)
    [session] = sign_ons.list_for_user(str(alice.pk))
    leave(browser, alice)
    assert notified() == {(session.sid, client.client_id) for client in clients}
    assert sign_ons.list_for_user(str(alice.pk)) == []


def test_signing_in_with_another_account_signs_the_first_one_out(
    send: Send, browser: Browser, alice: Any
) -> None:
    client = register(send, backchannel_logout_uri=BACK_CHANNEL)
    signed_in_through(browser, client, alice)
    waiting = client.authorize(browser, prompt="select_account").location
    chosen = browser.post(waiting, csrf(browser.get(waiting)) | {"account": "other"})
    assert not LogoutNotification.objects.exists()
    fill_in(browser, chosen.location, new_person())
    assert LogoutNotification.objects.get().client_id == client.client_id


def test_everywhere_means_every_session_and_offline_access(
    send: Send, browser: Browser, alice: Any
) -> None:
    """A grant for offline access outlives its session, and ends now."""
    client = register(send, backchannel_logout_uri=BACK_CHANNEL)
    tokens = signed_in_through(browser, client, alice)
    second, third = Browser(send), Browser(send)
    kept = signed_in_through(second, client, alice)
    by_the_account_page(second, alice)
    assert client.refresh(kept["refresh_token"]).status == 200
    signed_in_through(third, client, alice)
    assert len(notified()) == 1
    everywhere(browser, alice)
    assert len(notified()) == 3
    for refresh_token in (kept["refresh_token"], tokens["refresh_token"]):
        assert client.refresh(refresh_token).json()["error"] == "invalid_grant"
    answer = client.authorize(third, prompt="none")
    assert answer.redirect_members["error"] == "login_required"


def test_an_app_with_offline_access_alone_is_told_too(
    send: Send, browser: Browser, alice: Any
) -> None:
    """Its session has expired, of which nobody is told."""
    client = register(send, backchannel_logout_uri=BACK_CHANNEL)
    signed_in_through(browser, client, alice)
    [session] = sign_ons.list_for_user(str(alice.pk))
    sign_ons.end(str(alice.pk), session.sid)
    by_command(browser, alice)
    assert notified() == {(session.sid, client.client_id)}


def test_signing_out_of_one_browser_leaves_the_other_alone(
    send: Send, browser: Browser, alice: Any
) -> None:
    client = register(send, backchannel_logout_uri=BACK_CHANNEL)
    signed_in_through(browser, client, alice)
    other = Browser(send)
    signed_in_through(other, client, alice)
    by_the_account_page(browser, alice)
    assert len(notified()) == 1
    assert "code" in client.authorize(other, prompt="none").redirect_members


def test_nobody_is_told_of_a_session_that_they_had_no_part_in(
    send: Send, browser: Browser, alice: Any
) -> None:
    register(send, backchannel_logout_uri=BACK_CHANNEL)
    sign_in(browser, alice)
    by_the_account_page(browser, alice)
    assert notified() == set()


def test_the_request_does_not_wait_for_deliveries(
    send: Send, browser: Browser, alice: Any, receiver: Receiver
) -> None:
    client = register(send, backchannel_logout_uri=receiver.uri)
    hint = signed_in_through(browser, client, alice)["id_token"]
    receiver.let_go.clear()
    end: Answer = log_out(browser, id_token_hint=hint)
    assert end.status == 200
    assert receiver.deliveries == []
    assert len(notified()) == 1


def test_discovery_says_so(browser: Browser) -> None:
    metadata = browser.get("/.well-known/openid-configuration").json()
    assert metadata["backchannel_logout_supported"] is True
    assert metadata["backchannel_logout_session_supported"] is True
