"""More and more data beside that of the people at work, in Redis and in SQL."""

from __future__ import annotations

import statistics
from pathlib import Path

from benchmarks.harness.pacer import Pacer
from benchmarks.peers.gatehouse import Gatehouse
from benchmarks.scale import redis_copies, sql_copies
from benchmarks.scale.costs import Effort, Rows, costs, table_of
from benchmarks.servers import Started, running_servers

PATHS = ("login_es256", "refresh_es256", "introspect_same", "userinfo_same")
FEW_GRANTS = 10_000
_LISTS = """
import json, time
from django.conf import settings
from django.test import Client
from accounts.people import create_person
from accounts.models import User
root = User.objects.filter(is_superuser=True).first()
if root is None:
    root, _ = create_person("root", "root@example.com", is_superuser=True)
browser, times = Client(SERVER_NAME=settings.ALLOWED_HOSTS[0]), dict()
browser.force_login(root)
for path in {paths!r}:
    times[path] = []
    for _ in range(7):
        began = time.perf_counter()
        answer = browser.get(path)
        times[path].append((time.perf_counter() - began) * 1000)
        assert answer.status_code == 200, (path, answer.status_code)
print(json.dumps(times))
"""
LISTS = {
    "/admin/accounts/user/": "list of people: ms",
    "/admin/oidc/oauthclient/": "list of clients: ms",
}


def measure(directory: Path, effort: Effort) -> Rows:
    pacer, rows, lists = Pacer(), [], []
    with running_servers(directory, ["gatehouse"], appendonly=False) as running:
        started = running["gatehouse"]
        gatehouse = started.asked.peer
        assert isinstance(gatehouse, Gatehouse)

        def note(what: str) -> None:
            rows.append((what, costs(started, PATHS, effort, pacer)))
            lists.append(_times_of_lists(gatehouse))

        nodes = gatehouse.cluster.nodes()
        templates = redis_copies.templates_of(nodes)
        note("nothing")
        present = 0
        for wanted in sorted({min(FEW_GRANTS, effort.grants), effort.grants}):
            redis_copies.add_grants(nodes, templates, wanted - present)
            present = wanted
            note(f"{wanted:,} grants")
        _fill_sql(started, effort)
        note(f"the same, {effort.clients:,} clients, {effort.people:,} people")
    table = table_of("beside", rows, pacer)
    table[0] += LISTS.values()
    for row, times in zip(table[1:], lists, strict=True):
        row += [f"{milliseconds:.0f}" for milliseconds in times]
    return table


def _fill_sql(started: Started, effort: Effort) -> None:
    client_id = started.asked.prepared.apps["RS256"].client_id
    database = started.asked.peer.directory / "gatehouse.sqlite3"
    sql_copies.fill(database, client_id, effort.clients, effort.people)


def _times_of_lists(gatehouse: Gatehouse) -> list[float]:
    """Return how long pages of the admin take, in milliseconds."""
    times = gatehouse.installation.run(_LISTS.format(paths=list(LISTS)))
    return [statistics.median(times[path]) for path in LISTS]
