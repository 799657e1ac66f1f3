"""A client is never taken for a person. RFC 9068 sections 2.2 and 5; RFC 9700 section 4.15."""

from __future__ import annotations

import re
import uuid
from typing import Any

from oidc.models import OAuthClient
from oidc.models.client import new_client_id
from tests.support.doors import Send
from tests.support.relying_party import RelyingParty


def test_5_ids_of_clients_and_of_people_have_no_form_in_common() -> None:
    of_clients, of_people = (
        re.compile(r"[a-z2-7]{26}"),
        re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4,12}){4}"),
    )
    for _ in range(50):
        assert of_clients.fullmatch(new_client_id())
        assert of_people.fullmatch(str(uuid.uuid4()))
        assert not of_people.fullmatch(new_client_id())


def test_5_a_client_called_like_a_person_is_still_none(send: Send, alice: Any) -> None:
    """Nothing of ours makes such a client; an import into the database might."""
    machine = RelyingParty.register(send, "machine", scope="api")
    OAuthClient.objects.filter(client_id=machine.client_id).update(
        client_id=str(alice.pk), scope="openid profile"
    )
    machine.client_id = str(alice.pk)
    answer = machine.token({"grant_type": "client_credentials"}).json()
    assert answer["scope"] == ""
    userinfo = machine.userinfo(answer["access_token"])
    assert (userinfo.status, userinfo.json()["error"]) == (403, "insufficient_scope")
    asked = machine.token({"grant_type": "client_credentials", "scope": "openid"})
    assert asked.json()["error"] == "invalid_scope"
