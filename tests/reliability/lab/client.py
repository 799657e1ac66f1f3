"""What an actor can ask a server for. Each request and its answer go into the history."""

from __future__ import annotations

import random
import secrets
import threading
import time
from collections.abc import Callable
from typing import Any

import jwt

from tests.reliability.lab.history import Kind, Operation, Outcome, name_of
from tests.reliability.lab.holdings import Code, Family, Session
from tests.reliability.lab.judging import outcome_of
from tests.reliability.lab.line import Line, Lost
from tests.reliability.lab.pages import Unexpected, fill_in
from tests.reliability.lab.world import World
from tests.support.doors import Answer, Browser
from tests.support.relying_party import RelyingParty
from tests.support.server import Person

_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class Client:
    """One actor's browser and apps. Every method returns the operation that it recorded."""

    def __init__(self, world: World, person: Person, name: str) -> None:
        self._world, self._person, self._name = world, person, name
        self._lines = threading.local()
        self._preferred = random.randrange(len(world.servers))
        # Made once: only what a request presents differs from one to the next.
        web = world.web
        self._app = RelyingParty(self._send, web.client_id, web.secret, verifier=_VERIFIER)
        self._machine = RelyingParty(self._send, world.machine.client_id, None)

    # --- People -----------------------------------------------------------------------------

    def sign_in(self) -> tuple[Operation, Session]:
        """Fill in the log-in form in a fresh browser."""
        session = Session(f"{self._name}-{secrets.token_hex(4)}", Browser(self._send))
        fields = {"login": self._person.username, "password": self._person.password}
        operation, _ = self._record(
            Kind.SIGN_IN, session.name, lambda: fill_in(session, "/accounts/login/", fields)
        )
        return operation, session

    def sign_out(self, session: Session) -> Operation:
        operation, _ = self._record(
            Kind.SIGN_OUT, session.name, lambda: fill_in(session, "/accounts/logout/", {})
        )
        return operation

    def authorize(self, session: Session, *, offline: bool) -> tuple[Operation, Code]:
        """Ask for a code without a word to the person."""
        scope = "openid profile offline_access" if offline else "openid profile"
        operation, answer = self._record(
            Kind.AUTHORIZE,
            session.name,
            lambda: self._app.authorize(session.browser, prompt="none", scope=scope),
            result=lambda answer: answer.redirect_members.get("code", ""),
        )
        code = answer.redirect_members.get("code", "") if answer else ""
        return operation, Code(code, session, offline)

    # --- Apps -------------------------------------------------------------------------------

    def redeem(self, code: Code) -> tuple[Operation, Family]:
        name = name_of(code.code)
        operation, answer = self._record(
            Kind.REDEEM,
            name,
            lambda: self._app.redeem(code.code),
            result=_refresh_token_of,
            grant=name,
            session=code.session.name,
            offline=code.offline,
        )
        tokens = answer.json() if answer and operation.outcome is Outcome.DONE else {}
        family = Family(
            name,
            code.session,
            code.offline,
            tokens.get("refresh_token", ""),
            tokens.get("access_token", ""),
        )
        return operation, family

    def refresh(self, family: Family, token: str = "") -> Operation:
        """Present a family's refresh token, or an older one of it; keep what comes back."""
        token = token or family.refresh_token
        operation, answer = self._record(
            Kind.REFRESH,
            name_of(token),
            lambda: self._app.refresh(token),
            result=_refresh_token_of,
            **_belonging_to(family),
        )
        if answer and operation.outcome is Outcome.DONE:
            tokens = answer.json()
            family.refresh_token, family.access_token = (
                tokens["refresh_token"],
                tokens["access_token"],
            )
        return operation

    def read(self, family: Family, *, introspect: bool) -> Operation:
        token = family.access_token
        ask = self._app.introspect if introspect else self._app.userinfo
        return self._record(Kind.READ, name_of(token), lambda: ask(token), **_belonging_to(family))[
            0
        ]

    def revoke(self, family: Family) -> Operation:
        token = family.refresh_token
        return self._record(
            Kind.REVOKE,
            name_of(token),
            lambda: self._app.revoke(token),
            **_belonging_to(family),
        )[0]

    def revoke_token(self, family: Family) -> Operation:
        """End the newest access token alone."""
        token = family.access_token
        return self._record(
            Kind.REVOKE_TOKEN,
            name_of(token),
            lambda: self._app.revoke(token),
            **_belonging_to(family),
        )[0]

    def assert_once(self, assertion: str) -> Operation:
        """Get a token for the machine client, which proves itself with an assertion."""
        form: dict[str, str | None] = {
            "grant_type": "client_credentials",
            "client_assertion_type": _ASSERTION_TYPE,
            "client_assertion": assertion,
        }
        return self._record(Kind.ASSERT, name_of(assertion), lambda: self._machine.token(form))[0]

    def new_assertion(self) -> str:
        client_id, now = self._world.machine.client_id, int(time.time())
        claims = {
            "iss": client_id,
            "sub": client_id,
            "aud": self._world.issuer,
            "jti": secrets.token_urlsafe(12),
            "iat": now,
            "exp": now + 300,
        }
        return jwt.encode(claims, self._world.machine_key, "ES256", {"kid": "machine"})

    # --- Inside -----------------------------------------------------------------------------

    def _send(self, *request: Any) -> Answer:
        """Send a request on this thread's own connections.

        Mostly to the server that answered last, now and then to any, as a load balancer does.
        """
        if not hasattr(self._lines, "all"):
            self._lines.all = [Line(server) for server in self._world.servers]
        if random.random() < _SHARE_TO_ANOTHER:
            self._prefer_another()
        answer: Answer = self._lines.all[self._preferred](*request)
        return answer

    def _prefer_another(self) -> None:
        self._preferred = (self._preferred + 1) % len(self._world.servers)

    def _record(
        self,
        kind: Kind,
        subject: str,
        ask: Callable[[], Answer],
        result: Callable[[Answer], str] = lambda answer: "",
        **about: Any,
    ) -> tuple[Operation, Answer | None]:
        started, note = time.monotonic(), ""
        answer: Answer | None = None
        outcome = Outcome.UNKNOWN
        try:
            answer = ask()
            outcome = outcome_of(kind, answer)
        except Lost as error:
            note = str(error)
        except Unexpected as error:
            answer, outcome = error.answer, outcome_of(kind, error.answer)
        if outcome is Outcome.UNKNOWN:
            self._prefer_another()
        done = answer is not None and outcome is Outcome.DONE
        if answer is not None and outcome is Outcome.WRONG:
            note = answer.text[:300]
        operation = Operation(
            kind,
            subject,
            started,
            time.monotonic(),
            outcome,
            status=answer.status if answer else 0,
            result=name_of(result(answer)) if answer and done else "",
            actor=self._name,
            note=note,
            **about,
        )
        self._world.history.add(operation)
        return operation, answer


_SHARE_TO_ANOTHER = 0.1
# Constant, so that a code is all that an actor has to remember between two requests.
_VERIFIER = secrets.token_urlsafe(48)


def _refresh_token_of(answer: Answer) -> str:
    token: str = answer.json().get("refresh_token", "")
    return token


def _belonging_to(family: Family) -> dict[str, Any]:
    return {
        "grant": family.code,
        "session": family.session.name,
        "offline": family.offline,
    }
