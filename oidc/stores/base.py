"""The store contracts. One suite per contract in `tests/stores/` holds for every implementation.

Common to all methods:

* Each is **one atomic operation in one slot and one round trip**, unless its text says otherwise.
* Every key it writes has a time to live.
* Its work is bounded, whatever people and clients have made: no script walks through all sessions
  or grants of a person. What does walk goes in pages, one script each, of `pages.PAGE`.
* A write returns only when the configured number of replicas confirmed it.
* Every method may raise `StoreUnavailable` once its deadline has passed. The caller then does not
  know whether a write happened; nothing is ever consumed twice because of that.
* `request_id` names one call of one caller. The same call sent twice (a retry after a lost
  answer) gets the same answer twice; another request id is another caller. Methods without one
  either do the same when they are repeated, or name their calls themselves.

Slots: `{b}` is the person's bucket, see `stores.buckets`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from oidc.stores.records import (
    AuthorizationCode,
    CodePresentation,
    Grant,
    GrantHandle,
    Interaction,
    RefreshPresentation,
    Rotation,
    SignOn,
)


class Codes(Protocol):
    """Authorization codes. Spec: RFC 6749 section 4.1; RFC 7636 section 4.6; RFC 9700 section 4.5.

    Redis: `code:{b}:<SHA-256 of the code>`.
    """

    def issue(
        self,
        handle: GrantHandle,
        code_hash: str,
        code: AuthorizationCode,
        lifetime_seconds: int,
        *,
        grant_lifetime_seconds: int = 0,
    ) -> None:
        """Store a code, if its session of sign-on still lives, and note the client in it.

        With `grant_lifetime_seconds` the grant is opened here, for that long and not shorter than
        the trace of the code: an access token goes out beside the code (hybrid flow). Storing the
        same code again is harmless: one that was used stays used, and a grant that ended, ended.

        Slot `{b}`; write. Time to live: twice the lifetime, because the trace of a used code must
        outlive the code; after `lifetime_seconds` the code is not redeemable any more.

        Raises:
            SessionEnded: the session was ended, has expired, or is older than the user's
                `not_before`. Nothing was stored.
        """

    def redeem(
        self,
        handle: GrantHandle,
        code_hash: str,
        presented: CodePresentation,
        *,
        request_id: str,
        grant_lifetime_seconds: int,
    ) -> AuthorizationCode:
        """Consume a code and open its grant at generation 0, or find out why not.

        A grant that the code was issued with goes on as it is, if it is still there.

        Checked in this order, before anything is changed: existence and, for an unused code, its
        lifetime; client, redirect URI (one that was left out fits a code with a challenge, or one
        whose request had none), code challenge, use, session and `not_before`. A
        presentation that fails a binding does not count as a use, so a leaked code cannot be burnt
        by a stranger. A second use revokes the grant, in the same script. The used code stays as a
        trace, with the request id that used it.

        Slot `{b}`; write. The grant lives for `grant_lifetime_seconds`, at most until its
        `expires_at`, and is entered in the user's index.

        Raises:
            NotFound: unknown or expired, or the grant is past its end, or was ended already.
            Mismatch: `client_id`, `redirect_uri` or `code_challenge` differ. Nothing was changed.
            AlreadyUsed: used before by another request; the grant is now revoked.
            SessionEnded: the person signed out, or was signed out, in between.
        """


class Grants(Protocol):
    """Grants: families of tokens. Spec: RFC 9700 section 4.14; OAuth 2.1 section 4.3.

    Redis: `grant:{b}:<grant id>`, `revoked:{b}:<jti>`, `user:{b}:<user id>` (index of grants and
    sessions, a sorted set by expiry in ms, pruned on write, members `g:<grant id>`, `s:<sid>`),
    `user:{b}:<user id>:of:<client id>` (the grants of one client, by last use),
    `not-before:{b}:<user id>` (ms since the epoch, the node's clock).

    Opening a grant beyond `grants_per_person_and_client` ends the one of this person and client
    that nobody has used for the longest time. Those of a release that did
    not count them are counted from their next refresh on.

    A grant is *alive* if it exists, is newer than its user's `not_before`, and, unless it is
    `offline`, its session of sign-on is alive.
    """

    def open(self, handle: GrantHandle, grant: Grant, lifetime_seconds: int) -> None:
        """Open a grant without a code, for an access token that goes out at once (implicit flow).

        The session of sign-on must live, and notes the client. Slot `{b}`; write. The grant lives
        for `lifetime_seconds`, at most until its `expires_at`, and is entered in the user's index.

        Raises:
            SessionEnded: as for a code. Nothing was stored.
        """

    def find(self, handle: GrantHandle, jti: str, *, issued_at: int = 0) -> Grant:
        """Return the living grant behind an access token that was not revoked itself.

        `issued_at`: of the token, in epoch seconds. One that was issued since the last rotation is
        a use of the current generation, see `rotate`; that is noted without waiting for it.

        Slot `{b}`; read only.

        Raises:
            NotFound: grant dead, or this `jti` revoked.
        """

    def require(self, handle: GrantHandle, jti: str, *, issued_at: int = 0) -> str:
        """Make sure that `find` would find a grant. Returns whose it is, and nothing else of it.

        Slot `{b}`; read only.

        Raises:
            NotFound: grant dead, or this `jti` revoked.
        """

    def is_access_token_revoked(self, bucket: str, jti: str) -> bool:
        """Tell whether an access token without a grant (client credentials) was revoked.

        Slot `{b}`; read only.
        """

    def find_for_refresh(self, handle: GrantHandle, generation: int) -> Grant:
        """Return the living grant behind a refresh token that `rotate` would accept, or reuse.

        For introspection: active means current, the predecessor, or later than the record knows
        (see `rotate`). Slot `{b}`; read only.

        Raises:
            NotFound: grant dead, or the generation is older than the predecessor of the current.
        """

    def rotate(
        self,
        handle: GrantHandle,
        presented: RefreshPresentation,
        *,
        request_id: str,
        rotate: bool,
        grace_seconds: int,
        idle_seconds: int,
        retry_seconds: int = 0,
    ) -> Rotation:
        """Exchange a generation for its one successor.

        * current generation n: n + 1 becomes current, and is the answer;
        * n - 1, no longer than `grace_seconds` after its rotation: n again;
        * n - 1, no longer than `retry_seconds` after its rotation, while nobody has used n: neither
          has it been exchanged, nor has `find` or `require` seen an access token that was issued
          since: n again. The answer may have been lost on the way;
        * n - 1 under the request id of the rotation that made n current: n again, at any time;
        * n - 1 while no call has returned n, because none could be confirmed or answered: n
          again, at any time. A client that was told to come back later must not look like a thief;
        * later than n: an acknowledged rotation was lost with a master that had no replica to
          confirm it. Callers authenticate generations, so nobody can make this up: the record
          catches up, and the answer is the successor of the one presented;
        * anything else is reuse: the grant is revoked.

        With `rotate` false the current generation stays and is the answer. Client and scope are
        checked before anything is changed. `idle_seconds` is the new time to live, at most until
        the grant's `expires_at`; its entry in the user's index moves along.

        Slot `{b}`; write.

        Raises:
            NotFound: no living grant.
            Mismatch: `client_id`: another client's grant; `scope`: more than was granted;
                `client_scope`: the client may have nothing of it any more.
            AlreadyUsed: reuse; the grant is now revoked.
        """

    def revoke(self, handle: GrantHandle, client_id: str) -> None:
        """End a grant of this client. Unknown grants are fine. Slot `{b}`; write.

        Raises:
            Mismatch: `client_id`: another client's grant. Nothing was changed.
        """

    def revoke_access_token(self, bucket: str, jti: str, lifetime_seconds: int) -> None:
        """End one access token for the rest of its lifetime. Slot `{b}`; write."""

    def list_for_user(self, user_id: str) -> list[Grant]:
        """Return the living grants of a person, next expiry first.

        Not for requests of clients: it reads each of them. Slot `{b}`; read only. One round trip
        for 200 sessions and grants.
        """


class SignOns(Protocol):
    """Sessions of sign-on. Redis: `sid:{b}:<sid>`, and the user's index and `not_before`."""

    def start(self, user_id: str, sid: str, lifetime_seconds: int) -> SignOn:
        """Begin a session, later than anything that the person was signed out of.

        Slot `{b}`; write.

        Raises:
            SessionEnded: this very session was ended in between.
        """

    def find(self, user_id: str, sid: str) -> SignOn:
        """Return a living session. Slot `{b}`; read only.

        Raises:
            SessionEnded: ended, expired, or older than the user's `not_before`.
        """

    def note_client(self, user_id: str, sid: str, client_id: str) -> None:
        """Note a client that is told of the session, without a code or a grant.

        Slot `{b}`; write.

        Raises:
            SessionEnded: ended, expired, or older than the user's `not_before`.
        """

    def end(self, user_id: str, sid: str) -> SignOn | None:
        """End a session, and with it every grant that is not `offline`. Slot `{b}`; write.

        What belonged to it leaves the indexes with the next `sweep`.

        Returns the session as it was, once; None to everybody who comes later, and for a session
        that `end_all` has ended. Ending cannot be undone by a write of a request in flight.
        """

    def end_all(self, user_id: str) -> None:
        """Sign a person out everywhere: move `not_before`. `sweep` does the rest.

        The work does not grow with what there is to end. Every session and every grant (offline
        ones too) of before is dead from here on, also if the node's clock is a few seconds late;
        whatever starts afterwards lives.
        Slot `{b}`; write. `not_before` lives as long as anything older than it could.
        """

    def sweep(self, user_id: str) -> Iterator[list[tuple[str, str]]]:
        """Walk through a person's index in pages, and forget what has ended.

        Yields for each page the pairs of session and client that `end_all` has ended, for their
        clients to be told. What a page found dead is forgotten when the next page is asked for,
        and not if the caller fails: then it will be found again. Slot `{b}`; write.

        One round trip a page of 200, and one for the last to be forgotten. What is written
        meanwhile may be missed.
        """

    def list_for_user(self, user_id: str) -> list[SignOn]:
        """Return the living sessions of a person, next expiry first. Slot `{b}`; read only.

        Not for requests of clients. One round trip for 200 sessions and grants.
        """


class Interactions(Protocol):
    """Authorization requests waiting for a person. Redis: `interaction:{<interaction id>}`."""

    def store(self, interaction: Interaction, lifetime_seconds: int) -> None:
        """Keep a new interaction. Write."""

    def find(self, interaction_id: str) -> Interaction:
        """Return a waiting interaction. Read only.

        Raises:
            NotFound: unknown, finished or expired.
        """

    def select_account(self, interaction_id: str) -> None:
        """Note that the person chose an account. Keeps the time to live. Write.

        Raises:
            NotFound: unknown, finished or expired. Nothing is brought back.
        """

    def consume(self, interaction_id: str, *, request_id: str) -> Interaction:
        """Return an interaction and end it: it can be finished once. Write.

        Raises:
            NotFound: unknown, expired, or finished by another request.
        """


class ReplayGuards(Protocol):
    """Values that are accepted once. Redis: `replay:<hash of purpose, issuer and value>`."""

    def accept_once(
        self, purpose: str, issuer: str, value: str, *, request_id: str, lifetime_seconds: int
    ) -> None:
        """Let a value through the first time. Slot: the key's own, spread over all; write.

        Raises:
            AlreadyUsed: seen before, by another request.
        """


class BrowserSessions(Protocol):
    """Django's sessions. Redis: `session:{<SHA-256 of the session key>}`, sealed.

    Never "no session" for an unreachable store: that raises `StoreUnavailable`. A session whose
    `SECRET_KEY` is neither the current one nor a fallback is one in which nobody is signed in.
    """

    def create(self, key: str, members: dict[str, object], lifetime_seconds: int) -> bool:
        """Store a new session; False if the key is taken by one with other members. Write."""

    def load(self, key: str) -> dict[str, object] | None:
        """Return the members, or None if there is no such session that we can open. Read only."""

    def save(self, key: str, members: dict[str, object], lifetime_seconds: int) -> bool:
        """Overwrite a session; False if it was deleted in between. Write."""

    def exists(self, key: str) -> bool:
        """Tell whether the key is taken. Read only."""

    def delete(self, key: str) -> None:
        """Forget a session. Unknown ones are fine. Write."""
