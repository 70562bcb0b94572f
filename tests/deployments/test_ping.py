"""A heartbeat after a good sync; a monitor who does not answer is not the sync's trouble."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django_q.models import OrmQ
from pytest_django.fixtures import Settings

from deployments import tasks
from deployments.clients.clients import Clients
from deployments.clients.ping import UnableToPing, ping
from deployments.models import Site, SyncRun
from simulators.loopback import LoopbackServer, Request, Response
from tests.worlds import World, sites, world

__all__ = ["sites", "world"]


class Watchman:
    def __init__(self) -> None:
        self.calls: list[str] = []
        self.status = 200
        self.server = LoopbackServer(self._answer)

    def _answer(self, request: Request) -> Response:
        self.calls.append(f"{request.method} {request.path}")
        return Response(status=self.status, body=b"OK")


@pytest.fixture
def watchman() -> Iterator[Watchman]:
    one = Watchman()
    one.server.start()
    yield one
    one.server.stop()


@pytest.fixture
def worker(world: World, sites: dict[str, Site], tmp_path: Path, settings: Settings) -> Iterator[None]:
    """The tasks' own clients, pointed at the world."""
    for name, value in world.settings(tmp_path).items():
        setattr(settings, name, value)
    settings.KUBECONFIG = Path(settings.KUBECONFIG)
    Clients.from_settings.cache_clear()
    yield
    clients = Clients.from_settings()
    clients.github.close()
    clients.registry.close()
    clients.cluster.close()
    Clients.from_settings.cache_clear()


def queued() -> list[str]:
    return [task.func() for task in OrmQ.objects.all()]


def test_a_ping_is_one_get(watchman: Watchman) -> None:
    ping(f"http://{watchman.server.host}/abc")

    assert watchman.calls == ["GET /abc"]


def test_an_error_of_the_ping_address_is_reported_without_its_url(watchman: Watchman) -> None:
    watchman.status = 404

    with pytest.raises(UnableToPing, match=r"^PING_URL answers 404") as caught:
        ping(f"http://{watchman.server.host}/secret")

    assert "secret" not in str(caught.value)


def test_a_ping_address_that_is_gone_is_reported_without_its_url() -> None:
    with pytest.raises(UnableToPing, match=r"^PING_URL does not answer: ConnectionError$"):
        ping("http://127.0.0.1:9/secret", timeout_seconds=1)


@pytest.mark.usefixtures("worker")
def test_a_good_full_sync_asks_for_a_ping(settings: Settings) -> None:
    settings.PING_URL = "http://127.0.0.1:9/"

    tasks.sync()

    assert "deployments.tasks.ping" in queued()


@pytest.mark.usefixtures("worker")
def test_without_an_address_nothing_is_pinged() -> None:
    tasks.sync()

    assert "deployments.tasks.ping" not in queued()


@pytest.mark.usefixtures("worker")
def test_a_sync_of_few_sites_does_not_ping(settings: Settings) -> None:
    settings.PING_URL = "http://127.0.0.1:9/"

    tasks.sync(names=[Site.objects.earliest("host").host])

    assert "deployments.tasks.ping" not in queued()


@pytest.mark.usefixtures("worker")
def test_a_failed_sync_does_not_ping(world: World, settings: Settings) -> None:
    settings.PING_URL = "http://127.0.0.1:9/"
    world.github.token = "another"

    tasks.sync()

    assert SyncRun.objects.get().result == SyncRun.Result.FAILED
    assert "deployments.tasks.ping" not in queued()


@pytest.mark.usefixtures("worker")
def test_lesson_a_ping_that_fails_never_fails_the_sync(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.PING_URL = "http://127.0.0.1:9/secret"

    tasks.sync()
    tasks.ping()

    run = SyncRun.objects.get()
    assert run.result == SyncRun.Result.GOOD
    assert run.finished_at is not None
    assert run.finished_at - run.started_at < timedelta(seconds=30)
    assert "PING_URL does not answer" in caplog.text
