"""Delivers logout tokens from the outbox. The worker calls `step` again and again.

Spec: OpenID Connect Back-Channel Logout 1.0 sections 2.5 to 2.8.
"""

from __future__ import annotations

from collections import Counter
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

import structlog

from oidc.clients.record import Client
from oidc.clients.remote import FetchFailed, post_form
from oidc.clients.repository import find_client
from oidc.errors import ProtocolError
from oidc.keys.ring import key_ring
from oidc.logout import outbox
from oidc.models import LogoutNotification
from oidc.tokens.logout_token import issue_logout_token

MOST_AT_ONCE = 16
TIMEOUT_SECONDS = 5.0
SUCCESS = (200, 204)
"""Section 2.8: frameworks turn an empty 200 into a 204."""

_log = structlog.get_logger("gatehouse.logout")


class Deliveries:
    """The attempts of one worker. Threads do nothing but sign and send; SQL stays on this one."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(MOST_AT_ONCE, thread_name_prefix="logout")
        self._under_way: dict[Future[int], LogoutNotification] = {}

    def step(self, wait_seconds: float) -> bool:
        """Begin attempts that are due, and note the outcome of those that have ended.

        Waits for the first one to end, but no longer than `wait_seconds`. Returns whether there was
        anything to do.
        """
        self._begin()
        if not self._under_way:
            return False
        ended, _ = wait(self._under_way, wait_seconds, return_when=FIRST_COMPLETED)
        for attempt in ended:
            _record(self._under_way.pop(attempt), attempt)
        return True

    def finish(self) -> None:
        """Wait for the attempts that are under way, and note their outcome."""
        while self._under_way:
            for attempt in wait(self._under_way, return_when=FIRST_COMPLETED)[0]:
                _record(self._under_way.pop(attempt), attempt)
        self._pool.shutdown()

    def _begin(self) -> None:
        under_way = Counter(each.client_id for each in self._under_way.values())
        for notification in outbox.take(MOST_AT_ONCE - len(self._under_way), under_way):
            client = find_client(notification.client_id)
            if client is None or not client.backchannel_logout_uri:
                outbox.record_cancellation(notification, "the client has no address any more")
                continue
            key_ring()  # loads it here, if it must be: signing is then without SQL
            attempt = self._pool.submit(_deliver, client, notification.user_id, notification.sid)
            self._under_way[attempt] = notification


def _deliver(client: Client, user_id: str, sid: str) -> int:
    """Send one logout token. Returns the status of the answer.

    Raises:
        FetchFailed: there was none.
        ProtocolError: the token cannot be signed as the client registered.
    """
    token = issue_logout_token(client, user_id, sid)
    return post_form(
        client.backchannel_logout_uri, {"logout_token": token}, timeout_seconds=TIMEOUT_SECONDS
    )


def _record(notification: LogoutNotification, attempt: Future[int]) -> None:
    failure = attempt.exception()
    succeeded = failure is None and attempt.result() in SUCCESS
    if failure is None:
        outcome = f"status {attempt.result()}"
    elif isinstance(failure, FetchFailed | ProtocolError):
        outcome = str(failure)
    else:
        outcome = f"defect: {type(failure).__name__}"
        _log.error("defect", client_id=notification.client_id, exc_info=failure)
    if succeeded:
        outbox.record_delivery(notification, outcome)
    else:
        outbox.record_failure(notification, outcome)
    _log.info(
        "logout_notification",
        client_id=notification.client_id,
        attempt=notification.attempts,
        delivered=succeeded,
        outcome=outcome,
    )
