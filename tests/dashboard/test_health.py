"""Probes."""

import sys

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client, RequestFactory

from dashboard.health import HealthMiddleware


@pytest.mark.parametrize("url", ["/healthz", "/readyz"])
def test_a_probe_needs_no_known_host_and_no_login(stranger: Client, url: str) -> None:
    assert stranger.get(url, headers={"Host": "10.1.2.3"}).status_code == 200


def test_being_alive_needs_no_database(stranger: Client, django_assert_num_queries: object) -> None:
    with django_assert_num_queries(0):  # type: ignore[operator]
        stranger.get("/healthz")


def test_a_missing_migration_is_not_ready(rf: object) -> None:
    (newest,) = MigrationLoader(connection).graph.leaf_nodes("deployments")
    MigrationRecorder(connection).record_unapplied(*newest)

    response = HealthMiddleware(lambda _: pytest.fail("asked"))(rf.get("/readyz"))  # type: ignore[attr-defined]

    assert response.status_code == 503
    assert b"manage.py migrate" in response.content


def test_readiness_imports_no_migration(rf: RequestFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [name for name in sys.modules if ".migrations." in name and not name.startswith("django.db.")]
    for name in names:
        monkeypatch.delitem(sys.modules, name)

    response = HealthMiddleware(lambda _: pytest.fail("asked"))(rf.get("/readyz"))

    assert response.status_code == 200
    assert [name for name in names if name in sys.modules] == []
    assert "deployments.migrations.0001_initial" in names


@pytest.mark.django_db(transaction=True)
def test_without_a_database_it_is_not_ready_and_with_it_again_it_is(rf: RequestFactory) -> None:
    probe = HealthMiddleware(lambda _: pytest.fail("asked"))
    port = connection.settings_dict["PORT"]
    connection.close()
    connection.settings_dict["PORT"] = "1"
    away = probe(rf.get("/readyz"))
    connection.settings_dict["PORT"] = port

    back = probe(rf.get("/readyz"))

    assert (away.status_code, back.status_code) == (503, 200)


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_broke_is_noticed_and_replaced(rf: RequestFactory) -> None:
    connection.ensure_connection()
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 60000)", [connection.connection.info.backend_pid])
    other.close()
    # As a request's beginning does.
    connection.close_if_unusable_or_obsolete()

    assert HealthMiddleware(lambda _: pytest.fail("asked"))(rf.get("/readyz")).status_code == 200
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
