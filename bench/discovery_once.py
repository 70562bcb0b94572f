"""Search the cluster that the environment names for what could be a site; print what it took, as JSON.

A separate process, so that its peak memory is that of the search alone.
"""

import json
from time import perf_counter

import django
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone


def main() -> None:
    django.setup()
    from bench.memory import peak_megabytes
    from deployments.clients.clients import Clients
    from deployments.models import Discovery
    from deployments.operations.first_start.find import record_discovery

    clients = Clients.from_settings()
    before = peak_megabytes()
    with CaptureQueriesContext(connection) as statements:
        start = perf_counter()
        record_discovery(clients=clients, image_prefixes=settings.IMAGE_PREFIXES, now=timezone.now())
        seconds = perf_counter() - start
    found = Discovery.latest()
    row = len(json.dumps(found.apps)) + len(json.dumps(found.steps))
    print(
        json.dumps(
            {
                "seconds": round(seconds, 2),
                "statements": len(statements),
                "apps": len(found.apps),
                "lines": sum(len(each["findings"]) for each in found.steps),
                "row KB": round(row / 1024, 1),
                "peak grew by MB": round(peak_megabytes() - before, 1),
            }
        )
    )


main()
