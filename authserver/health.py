"""Health and metrics: is this process alive, can it serve, what has it done."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest, multiprocess

from authserver.monitoring import may_look_inside
from oidc.errors import StoreError
from oidc.keys.algorithms import SIGNING_ALGORITHMS
from oidc.keys.ring import key_ring
from oidc.stores.redis.status import check_cluster


@never_cache
def live(request: HttpRequest) -> HttpResponse:
    """Tell that the process answers. Touches nothing else."""
    return JsonResponse({"status": "ok"})


@never_cache
def ready(request: HttpRequest) -> HttpResponse:
    """Tell whether a sign-in can work now: 200 or 503, and the reason if the caller may know."""
    checks = {
        "database": _outcome(_check_database),
        "redis_cluster": _outcome(check_cluster),
        "signing_keys": _outcome(_check_keys),
    }
    is_ready = all(outcome == "ok" for outcome in checks.values())
    body: dict[str, object] = {"status": "ok" if is_ready else "unavailable"}
    if may_look_inside(request):
        body["checks"] = checks
    return JsonResponse(body, status=200 if is_ready else 503)


@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Return Prometheus metrics, of all workers where `PROMETHEUS_MULTIPROC_DIR` is set."""
    if not may_look_inside(request):
        return _refusal()
    if folder := os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        _forget_the_dead(Path(folder))
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
    return HttpResponse(generate_latest(), content_type=CONTENT_TYPE_LATEST)


def _forget_the_dead(folder: Path) -> None:
    """Drop what workers that have ended said about the present; what they counted stays."""
    for file in folder.glob("gauge_live*.db"):
        pid = int(file.stem.rpartition("_")[2])
        if not Path(f"/proc/{pid}").exists():
            multiprocess.mark_process_dead(pid)  # type: ignore[no-untyped-call]


VIEWS = {"/health/live": live, "/health/ready": ready, "/metrics": metrics}


def _refusal() -> HttpResponse:
    if not settings.MONITORING_TOKEN:
        text = (
            "Set GATEHOUSE_MONITORING_TOKEN to see this from here, or ask from a private network "
            "for an address or a name in ALLOWED_HOSTS.\n"
        )
        return HttpResponse(text, content_type="text/plain", status=403)
    text = "The monitoring token is missing or wrong.\n"
    answer = HttpResponse(text, content_type="text/plain", status=401)
    answer["WWW-Authenticate"] = 'Bearer realm="gatehouse-monitoring"'
    return answer


def _outcome(check: Callable[[], None]) -> str:
    try:
        check()
    except (StoreError, DatabaseError, LookupError) as error:
        return f"{type(error).__name__}: {error}"
    return "ok"


def _check_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _check_keys() -> None:
    signing = key_ring().signing
    for algorithm in SIGNING_ALGORITHMS:
        if algorithm not in signing:
            raise LookupError(f"no signing key for {algorithm}")
