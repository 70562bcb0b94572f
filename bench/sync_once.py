"""Sync all sites of the database that the environment names, twice; print what the second one took, as JSON.

A separate process, so that its peak memory is that of a sync and of nothing else.
"""

import json
import sys
from time import perf_counter

import django
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone


def main() -> None:
    django.setup()
    from bench.memory import peak_megabytes
    from deployments.clients.clients import Clients
    from deployments.operations.sync.run import sync

    clients = Clients.from_settings()
    # What the clients and the first answers load stays loaded in a worker: it is not the sync's growth.
    sync(clients=clients, clock=timezone.now, names=sys.argv[1:2])
    before = peak_megabytes()
    changed = measured(lambda: sync(clients=clients, clock=timezone.now))
    unchanged = measured(lambda: sync(clients=clients, clock=timezone.now))
    print(json.dumps({"changed": changed, "unchanged": unchanged, "growth_mb": peak_megabytes() - before}))


def measured(work) -> dict[str, float]:  # noqa: ANN001
    with CaptureQueriesContext(connection) as statements:
        start = perf_counter()
        report = work()
        seconds = perf_counter() - start
    run = report.run
    assert run.with_problems == 0, run.message
    return {
        "seconds": round(seconds, 2),
        "statements": len(statements),
        "github": run.github_requests,
        "cluster": run.cluster_requests,
        "registry": run.registry_requests,
        "changed": run.changed,
    }


main()
