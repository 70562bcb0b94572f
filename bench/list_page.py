"""The list page: server time, statements, bytes; and the same of a refresh that finds nothing new."""

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
    """Return milliseconds (median of 30), statements and gzipped bytes of the page, then those of its unchanged refresh."""
    client = Client(headers={"host": "localhost"})
    client.force_login(User.objects.get_or_create(username="bench", is_superuser=True)[0])
    url = reverse("sites")
    page = _measure(lambda: client.get(url), status=200)
    fragment = client.get(url, headers={"HX-Request": "true", "If-None-Match": '"-"'})
    known = {"HX-Request": "true", "If-None-Match": fragment["ETag"]}
    again = _measure(lambda: client.get(url, headers=known), status=304)
    return page | {f"unchanged refresh {name}": value for name, value in again.items()}


def measure_first_start() -> dict[str, Any]:
    """Return the same of the page that shows what was found in the cluster."""
    client = Client(headers={"host": "localhost"})
    client.force_login(User.objects.get_or_create(username="admin", is_superuser=True, is_staff=True)[0])
    return _measure(lambda: client.get(reverse("first-start")), status=200)


def _measure(measure_once: Callable[[], Any], *, status: int) -> dict[str, Any]:
    measure_once()
    statements: list[str] = []

    def count(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        statements.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(count):
        answer = measure_once()
    assert answer.status_code == status, answer.status_code
    times = []
    for _ in range(TIMES):
        start = perf_counter()
        measure_once()
        times.append(perf_counter() - start)
    return {
        "milliseconds": round(median(times) * 1000, 1),
        "statements": len(statements),
        "bytes": _bytes_of(answer),
    }


def _bytes_of(answer: Any) -> int:
    """A page's body, gzipped; what has none counts with its status line and headers."""
    if answer.content:
        return len(gzip.compress(answer.content))
    lines = [f"HTTP/1.1 {answer.status_code} {answer.reason_phrase}"]
    lines += [f"{name}: {value}" for name, value in answer.items()]
    return len("\r\n".join([*lines, "", ""]).encode())
