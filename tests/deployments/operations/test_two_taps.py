"""Two taps at one moment, over HTTP, on a site of three workloads: one Deploy, which changes each workload once."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar
from uuid import uuid4

import pytest
import requests
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django.live_server_helper import LiveServer

from demo.world import World
from deployments.clients.clients import Clients
from deployments.models import Deploy, Observation, Status
from deployments.operations.deploys.start import start_deploy
from tests.deployments.operations.following import HOST
from tests.factories import end, make_user, observe
from tests.one_image import at_another_image, changes, map_shop

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("sites"),
    pytest.mark.every_kind,
]


T = TypeVar("T")


@pytest.fixture(autouse=True)
def _static_files_as_they_lie(settings: LazySettings) -> None:
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }


def phone_of(name: str, address: str) -> Callable[[str, str], requests.Response]:
    """Log someone in; return what taps Deploy for them."""
    client = Client()
    client.force_login(User.objects.filter(username=name).first() or make_user(name))
    session = requests.Session()
    session.cookies["sessionid"] = client.cookies["sessionid"].value
    session.get(f"{address}/", timeout=60)

    def tap(sha: str, seen: str) -> requests.Response:
        form = {"sha": sha, "seen": seen, "key": str(uuid4())}
        token = {"csrfmiddlewaretoken": session.cookies["csrftoken"]}
        return session.post(f"{address}/sites/{HOST}/deploy", form | token, timeout=60, allow_redirects=False)

    return tap


def at_once(works: Sequence[Callable[[], T]]) -> list[T]:
    """Start all at one moment, each in its own thread; return what they return."""
    start = threading.Barrier(len(works))

    def run(work: Callable[[], T]) -> T:
        start.wait()
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


@pytest.mark.parametrize("people", [("ann", "ann"), ("ann", "ben")], ids=["one person", "two people"])
def test_two_taps_and_two_workers_change_each_of_three_workloads_once(
    clients: Clients, world: World, live_server: LiveServer, people: tuple[str, str]
) -> None:
    site = map_shop(world, HOST)
    sha = world.commit(HOST)
    observe(clients)
    running = Observation.objects.get(site=site).running_sha
    OrmQ.objects.all().delete()
    world.cluster.requests.clear()
    phones = [phone_of(name, live_server.url) for name in people]

    answers = at_once([partial(tap, sha, running) for tap in phones])
    deploy = Deploy.objects.get()
    begun = [task.func() for task in OrmQ.objects.all()]
    at_once([lambda: start_deploy(deploy_id=deploy.pk, clients=clients, now=timezone.now())] * 2)
    end(deploy, clients, world)

    assert {each.headers["Location"] for each in answers} == {f"/deploys/{deploy.pk}/"}
    assert begun == ["deployments.tasks.start_deploy"]
    assert (deploy.status, deploy.sha) == (Status.SUCCEEDED, sha)
    assert changes(world) == {"shop-web": 1, "shop-worker": 1, "shop-report": 1}
    assert at_another_image(world, site, deploy.image) == []
