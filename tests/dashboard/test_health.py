"""Probes."""

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from dashboard.health import HealthMiddleware


@pytest.mark.parametrize("url", ["/healthz", "/readyz"])
def test_a_probe_needs_no_known_host_and_no_login(stranger: Client, url: str) -> None:
    assert stranger.get(url, headers={"Host": "10.1.2.3"}).status_code == 200


def test_being_alive_needs_no_database(stranger: Client, django_assert_num_queries: object) -> None:
    with django_assert_num_queries(0):  # type: ignore[operator]
        stranger.get("/healthz")


def test_a_missing_migration_is_not_ready(rf: object) -> None:
    MigrationRecorder(connection).record_unapplied("deployments", "0001_initial")

    response = HealthMiddleware(lambda _: pytest.fail("asked"))(rf.get("/readyz"))  # type: ignore[attr-defined]

    assert response.status_code == 503
    assert b"manage.py migrate" in response.content
