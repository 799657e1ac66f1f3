"""What tests of the outbox share."""

from __future__ import annotations

from typing import Any

import pytest

from oidc.clients.service import create_client
from oidc.keys import ring
from oidc.models import OAuthClient


@pytest.fixture(autouse=True)
def private_addresses(settings: Any, db: None) -> None:
    """Let tokens be sent to this machine, signed with keys of this database."""
    settings.GATEHOUSE = {**settings.GATEHOUSE, "fetch_private_addresses": True}
    ring.forget()


@pytest.fixture
def new_client() -> Any:
    """Register clients with a back-channel logout URI."""

    def create(uri: str = "https://client.example/back-channel") -> OAuthClient:
        metadata = {"redirect_uris": ["https://client.example/cb"], "backchannel_logout_uri": uri}
        return create_client("A client", "web", metadata=metadata).client

    return create
