"""The life of a signing key: announced, signing, retired, gone. RFC 7517 section 4.5; RFC 7638;
OpenID Connect Core 1.0 section 10.1.1 (rotation)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import jwt
import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from joserfc.jwk import JWKRegistry

from oidc.conf import configuration
from oidc.keys import algorithms, jws, lifecycle, retirement, ring
from oidc.keys.jws import InvalidToken
from oidc.models import SigningKey
from oidc.tokens.id_token import read_id_token_hint
from tests.support.doors import send_to_wsgi
from tests.support.relying_party import RelyingParty, new_person
from tests.support.tokens import signed_by_hand

ROOT = Path(__file__).resolve().parents[2]
ALGORITHM = "ES256"
SIGNING, RETIRED = SigningKey.Status.SIGNING, SigningKey.Status.RETIRED


@pytest.fixture(autouse=True)
def _fresh_ring(db: None) -> Iterator[None]:
    ring.forget()
    yield
    ring.forget()


@pytest.fixture
def web() -> RelyingParty:
    return RelyingParty.register(send_to_wsgi)


def signing_key() -> SigningKey:
    return SigningKey.objects.get(algorithm=ALGORITHM, status=SIGNING)


def kid_of(token: str) -> str:
    return jwt.get_unverified_header(token)["kid"]


def published() -> dict[str, dict[str, Any]]:
    answer = send_to_wsgi("GET", "/.well-known/jwks.json", "", b"", {})
    return {key["kid"]: key for key in answer.json()["keys"]}


def test_rfc7638_the_kid_is_the_thumbprint() -> None:
    for kid, key in published().items():
        members = {name: value for name, value in key.items() if name not in ("kid", "use", "alg")}
        assert JWKRegistry.import_key(members).thumbprint() == kid


def test_no_kid_looks_like_an_option_of_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """One thumbprint of 64 begins with a dash, and such a key could not be retired by its id."""
    generated = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2000)]
    first = next(n for n, key in enumerate(generated) if thumbprint(key).startswith("-"))
    keys = iter([generated[first], generated[first - 1]])
    monkeypatch.setattr(algorithms, "generate", lambda algorithm: next(keys))
    announced = lifecycle.announce(ALGORITHM)
    assert announced.kid == thumbprint(generated[first - 1])


def thumbprint(key: ec.EllipticCurvePrivateKey) -> str:
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return JWKRegistry.import_key(pem, "EC").thumbprint()


def test_an_announced_key_is_published_and_signs_nothing(web: RelyingParty) -> None:
    announced = lifecycle.announce(ALGORITHM)
    ring.forget()
    assert announced.kid in published()
    assert kid_of(web.tokens_for(new_person())["access_token"]) == signing_key().kid
    assert signing_key().kid != announced.kid


def test_a_retired_key_verifies_until_it_is_gone(web: RelyingParty) -> None:
    tokens = web.tokens_for(new_person())
    old = signing_key()
    lifecycle.promote(lifecycle.announce(ALGORITHM))
    old.refresh_from_db()
    assert (old.status, old.retired_at is None) == (RETIRED, False)
    ring.forget()
    assert web.userinfo(tokens["access_token"]).status == 200
    old.delete()
    ring.forget()
    assert old.kid not in published()
    assert web.userinfo(tokens["access_token"]).status == 401
    assert web.introspect(tokens["access_token"]).json() == {"active": False}
    assert web.refresh(tokens["refresh_token"]).status == 200  # which does not depend on it


# --- What a retired key is good for ---------------------------------------------------------------

DAY = 24 * 3600


def forged(token: str, key: SigningKey, **changes: Any) -> str:
    """Sign again, as somebody would who has stolen the key."""
    claims = jwt.decode(token, options={"verify_signature": False}) | changes
    sign = algorithms.signer(key.algorithm, lifecycle.private_key_of(key))
    header = {"alg": key.algorithm, "typ": jwt.get_unverified_header(token)["typ"], "kid": key.kid}
    return signed_by_hand(header, claims, sign)


def test_a_token_issued_after_the_retirement_of_its_key_is_refused(web: RelyingParty) -> None:
    """Other processes learn of a retirement within ten seconds, and clocks differ by ten."""
    token, stolen = web.tokens_for(new_person())["access_token"], signing_key()
    lifecycle.retire(stolen)
    ring.forget()
    now = int(time.time())
    with time_machine.travel(now + 60, tick=False):
        late = forged(token, stolen, iat=now + retirement.LATE_SECONDS - 2, exp=now + 600)
        assert web.userinfo(late).status == 200
        fresh = forged(token, stolen, iat=now + retirement.LATE_SECONDS + 2, exp=now + 600)
        assert web.userinfo(fresh).status == 401
        assert web.introspect(fresh).json() == {"active": False}


def test_a_token_that_was_remembered_is_looked_at_again(web: RelyingParty) -> None:
    """This process verified it before it learned that the key was retired long ago.

    The key was announced only: so the published key set is the same before and after.
    """
    token, stolen = web.tokens_for(new_person())["access_token"], lifecycle.announce(ALGORITHM)
    ring.forget()
    before = published()
    fresh = forged(token, stolen, iat=int(time.time()) - 1)
    assert web.userinfo(fresh).status == 200
    lifecycle.retire(stolen)
    SigningKey.objects.filter(pk=stolen.pk).update(retired_at=timezone.now() - timedelta(days=1))
    ring.forget()
    assert published() == before
    assert web.userinfo(fresh).status == 401


def test_a_retired_key_is_published_as_long_as_its_tokens_may_live(web: RelyingParty) -> None:
    """Then a stolen one makes no token that an API takes, however it is dated."""
    token, old = web.tokens_for(new_person())["access_token"], signing_key()
    lifecycle.retire(old)
    end = time.time() + DAY + retirement.LATE_SECONDS
    backdated = forged(token, old, exp=int(end) + 10 * DAY)
    ring.forget()
    with time_machine.travel(end - 5, tick=False):
        assert old.kid in published()
        assert web.userinfo(backdated).status == 200
    ring.forget()
    with time_machine.travel(end + 5, tick=False):
        assert old.kid not in published()
        assert web.userinfo(backdated).status == 401


def test_a_longer_life_keeps_keys_published_longer(settings: Any) -> None:
    settings.GATEHOUSE = {**settings.GATEHOUSE, "access_token_lifetime_seconds": 3 * DAY}
    old = signing_key()
    lifecycle.retire(old)
    ring.forget()
    with time_machine.travel(time.time() + 3 * DAY, tick=False):
        assert old.kid in published()


def test_hints_are_good_as_long_as_sessions_and_then_the_key_goes(web: RelyingParty) -> None:
    id_token = web.tokens_for(new_person())["id_token"]
    old = SigningKey.objects.get(algorithm="RS256", status=SIGNING)
    lifecycle.retire(old)
    now = int(time.time())
    made_late = forged(id_token, old, iat=now + 3600)
    end = now + configuration().session_lifetime_seconds + retirement.LATE_SECONDS

    def at(moment: float) -> bool:
        """Tell whether the hint is good then, with what the worker leaves."""
        ring.forget()
        with time_machine.travel(moment, tick=False):
            call_command("worker", "--once")
            with pytest.raises(InvalidToken, match=r"after its key was retired|unknown key"):
                read_id_token_hint(made_late)
            try:
                return bool(read_id_token_hint(id_token))
            except InvalidToken:
                return False

    assert at(now + 2 * DAY)
    assert at(end - 10)
    assert SigningKey.objects.filter(pk=old.pk).exists()
    assert not at(end + 10)
    assert not SigningKey.objects.filter(pk=old.pk).exists()
    assert SigningKey.objects.filter(algorithm="RS256", status=SIGNING).exists()


def test_a_key_that_no_worker_has_deleted_counts_no_longer(web: RelyingParty) -> None:
    id_token = web.tokens_for(new_person())["id_token"]
    lifecycle.retire(SigningKey.objects.get(algorithm="RS256", status=SIGNING))
    ring.forget()
    with time_machine.travel(time.time() + 15 * DAY), pytest.raises(InvalidToken):
        read_id_token_hint(id_token)


def test_the_skew_covers_a_process_that_learns_late() -> None:
    assert retirement.LATE_SECONDS >= ring.REFRESH_SECONDS + jws.MAX_SKEW_SECONDS


def test_there_is_one_signing_key_of_a_kind() -> None:
    another = lifecycle.new_signing_key(ALGORITHM, SIGNING)
    with pytest.raises(IntegrityError), transaction.atomic():
        another.save()


def test_retiring_lets_the_one_that_waits_sign() -> None:
    waiting, old = lifecycle.announce(ALGORITHM), signing_key()
    lifecycle.retire(old)
    assert signing_key().kid == waiting.kid


def test_retiring_without_a_successor_makes_one() -> None:
    old = signing_key()
    lifecycle.retire(old)
    assert signing_key().kid != old.kid
    old.refresh_from_db()
    assert old.status == RETIRED


def test_retiring_an_announced_key_changes_nothing_else() -> None:
    before, announced = signing_key().kid, lifecycle.announce(ALGORITHM)
    lifecycle.retire(announced)
    assert signing_key().kid == before


@pytest.mark.parametrize("status", [SIGNING, RETIRED])
def test_a_revoked_key_counts_no_more(web: RelyingParty, status: SigningKey.Status) -> None:
    tokens, stolen = web.tokens_for(new_person()), signing_key()
    if status == RETIRED:
        lifecycle.retire(stolen)
    call_command("keys", "revoke", stolen.kid, stdout=StringIO())
    ring.forget()
    assert stolen.kid not in published()
    assert web.userinfo(tokens["access_token"]).status == 401
    assert web.introspect(tokens["access_token"]).json() == {"active": False}
    fresh = web.refresh(tokens["refresh_token"]).json()
    assert kid_of(fresh["access_token"]) == signing_key().kid != stolen.kid
    assert web.userinfo(fresh["access_token"]).status == 200


def test_a_revocation_elsewhere_is_followed(
    web: RelyingParty, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = web.tokens_for(new_person())
    lifecycle.revoke(signing_key())
    monkeypatch.setattr(ring, "REFRESH_SECONDS", 3600)
    assert web.userinfo(tokens["access_token"]).status == 200
    monkeypatch.setattr(ring, "REFRESH_SECONDS", 0)
    assert web.userinfo(tokens["access_token"]).status == 401


def test_missing_keys_are_made_when_they_are_needed(web: RelyingParty) -> None:
    SigningKey.objects.filter(algorithm=ALGORITHM).delete()
    ring.forget()
    assert web.tokens_for(new_person())["access_token"]
    assert signing_key().kid in published()


# --- Other processes ------------------------------------------------------------------------------


def token_of_another_process(web: RelyingParty) -> str:
    """Rotate and sign, without this process knowing."""
    claims = jwt.decode(
        web.tokens_for(new_person())["access_token"], options={"verify_signature": False}
    )
    key = lifecycle.announce(ALGORITHM)
    lifecycle.promote(key)
    sign = algorithms.signer(ALGORITHM, lifecycle.private_key_of(key))
    header = {"alg": ALGORITHM, "typ": "at+jwt", "kid": key.kid}
    return signed_by_hand(header, claims, sign)


def test_a_key_of_another_process_is_found_when_its_id_is_seen(
    web: RelyingParty, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = token_of_another_process(web)
    monkeypatch.setattr(ring, "REFRESH_ON_UNKNOWN_SECONDS", 3600)
    assert web.userinfo(token).status == 401
    monkeypatch.setattr(ring, "REFRESH_ON_UNKNOWN_SECONDS", 0)
    assert web.userinfo(token).status == 200


def test_made_up_ids_do_not_flood_the_database(web: RelyingParty) -> None:
    web.tokens_for(new_person())
    tokens = [
        jwt.encode({}, "k" * 32, "HS256", {"kid": f"made-up-{number}", "typ": "at+jwt"})
        for number in range(5)
    ]
    with CaptureQueriesContext(connection) as queries:
        for token in tokens:
            assert web.introspect(token).json() == {"active": False}
    assert len(queries) == 0


def test_a_rotation_elsewhere_is_followed(
    web: RelyingParty, monkeypatch: pytest.MonkeyPatch
) -> None:
    token_of_another_process(web)
    monkeypatch.setattr(ring, "REFRESH_SECONDS", 3600)
    assert kid_of(web.tokens_for(new_person())["access_token"]) != signing_key().kid
    monkeypatch.setattr(ring, "REFRESH_SECONDS", 0)
    assert kid_of(web.tokens_for(new_person())["access_token"]) == signing_key().kid


def test_the_etag_changes_with_the_keys() -> None:
    before = send_to_wsgi("GET", "/.well-known/jwks.json", "", b"", {}).header("ETag")
    lifecycle.announce(ALGORITHM)
    ring.forget()
    condition = {"If-None-Match": before}
    assert send_to_wsgi("GET", "/.well-known/jwks.json", "", b"", condition).status == 200


FIRST_KEYS = """
import threading, django
django.setup()
from django.core.management import call_command
from django.db import connection
from oidc.keys import lifecycle
from oidc.models import SigningKey
call_command("migrate", verbosity=0)
made = {key.algorithm for key in SigningKey.objects.all()}
SigningKey.objects.all().delete()
start, failures = threading.Barrier(4), []

def make() -> None:
    start.wait()
    try:
        lifecycle.ensure_signing_keys()
    except Exception as error:
        failures.append(error)
    finally:
        connection.close()

threads = [threading.Thread(target=make) for _ in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
assert not failures, failures
signing = [key.algorithm for key in SigningKey.objects.all()]
assert sorted(signing) == sorted(made), signing
print(len(signing))
"""


def test_several_who_make_the_first_keys_at_once_make_one_of_a_kind(tmp_path: Path) -> None:
    environment = os.environ | {
        "DATABASE_URL": f"sqlite:///{tmp_path / 'keys.sqlite3'}",
        "DJANGO_SETTINGS_MODULE": "authserver.settings",
        "LOG_LEVEL": "ERROR",
    }
    done = subprocess.run(
        [sys.executable, "-c", FIRST_KEYS],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= 3


# --- The command ----------------------------------------------------------------------------------


def run(*arguments: str) -> list[dict[str, Any]]:
    output = StringIO()
    call_command("keys", *arguments, "--json", stdout=output)
    return json.loads(output.getvalue())


def statuses(keys: list[dict[str, Any]]) -> list[str]:
    return sorted(key["status"] for key in keys if key["alg"] == ALGORITHM)


def test_rotating_announces_first_and_signs_the_second_time() -> None:
    before = signing_key().kid
    assert statuses(run("rotate", "--algorithm", ALGORITHM)) == ["announced", "signing"]
    assert signing_key().kid == before
    assert statuses(run("rotate", "--algorithm", ALGORITHM)) == ["retired", "signing"]
    assert signing_key().kid != before


def test_rotating_now_is_for_an_emergency() -> None:
    before = signing_key().kid
    assert statuses(run("rotate", "--algorithm", ALGORITHM, "--now")) == ["retired", "signing"]
    assert signing_key().kid != before


def test_rotating_one_algorithm_leaves_the_others_alone() -> None:
    others = {key["kid"] for key in run("list") if key["alg"] != ALGORITHM}
    run("rotate", "--algorithm", ALGORITHM, "--now")
    assert {key["kid"] for key in run("list") if key["alg"] != ALGORITHM} == others


def test_retiring_by_kid_and_an_unknown_one() -> None:
    before = signing_key().kid
    assert statuses(run("retire", before)) == ["retired", "signing"]
    with pytest.raises(CommandError, match="no key"):
        run("retire", "unknown")


def test_listing_shows_no_private_part() -> None:
    output = StringIO()
    call_command("keys", "list", stdout=output)
    assert signing_key().kid in output.getvalue()
    for listing in (output.getvalue(), json.dumps(run("list")), json.dumps(published())):
        for key in SigningKey.objects.all():
            assert key.private_key_encrypted not in listing
        assert '"d"' not in listing
    assert all(abs(key["created_at"] - time.time()) < 7 * 24 * 3600 for key in run("list"))
