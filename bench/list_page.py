"""The list page: server time, statements, bytes."""

import gzip
from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any

from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import reverse

TIMES = 30


def measure_list_page() -> dict[str, Any]:
    """Return milliseconds (median of 30), statements and gzipped bytes of the page, and the bytes of an unchanged refresh."""
    client = Client(headers={"host": "localhost"})
    client.force_login(User.objects.get_or_create(username="bench")[0])
    url = reverse("sites")
    client.get(url)
    statements: list[str] = []

    def count(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        statements.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(count):
        answer = client.get(url)
    assert answer.status_code == 200, answer.status_code
    times = []
    for _ in range(TIMES):
        start = perf_counter()
        client.get(url)
        times.append(perf_counter() - start)
    return {
        "milliseconds": round(median(times) * 1000, 1),
        "statements": len(statements),
        "gzipped": len(gzip.compress(answer.content)),
    }
