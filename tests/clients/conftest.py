"""Settings that tests of fetching share."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def private_addresses(settings: Any) -> None:
    """Let addresses of this machine be fetched, as on an intranet."""
    settings.GATEHOUSE = {**settings.GATEHOUSE, "fetch_private_addresses": True}
