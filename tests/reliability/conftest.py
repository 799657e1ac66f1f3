"""What the tests of faults share: one installation, made once."""

from __future__ import annotations

import pytest

from tests.reliability.lab.experiment import Bench


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("bench"))
