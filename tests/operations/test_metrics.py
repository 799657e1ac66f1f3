"""What `/metrics` adds up over the workers of a server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.support.server import ROOT

_A_WORKER = """
from oidc.metrics import STORE_RETRIES, STORE_SHARDS_UNAVAILABLE
STORE_RETRIES.inc()
STORE_SHARDS_UNAVAILABLE.set(2)
"""
_ANOTHER = """
import json
from django.test import RequestFactory
from authserver.health import metrics
request = RequestFactory().get("/metrics", HTTP_HOST="localhost")
lines = metrics(request).content.decode().splitlines()
print(json.dumps(dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))))
"""


def test_a_worker_that_has_died_counts_but_waits_for_no_shard_any_more(tmp_path: Path) -> None:
    environment = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    environment |= {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    for program in (_A_WORKER, _ANOTHER):
        done = subprocess.run(
            [sys.executable, "-c", f"import django; django.setup()\n{program}"],
            cwd=ROOT, env=environment, check=True, capture_output=True, text=True,
        )  # fmt: skip
    samples = json.loads(done.stdout)
    assert samples["gatehouse_store_retries_total"] == "1.0"
    assert samples.get("gatehouse_store_shards_unavailable", "0.0") == "0.0"
