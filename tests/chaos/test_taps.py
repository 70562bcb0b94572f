"""Many taps at one moment on one site, over HTTP: one Deploy, and a person who wanted another one gets a message."""

import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import requests
from django.test import Client
from django_q.models import OrmQ

from demo.world import World
from deployments.clients.clients import Clients
from deployments.models import AuditEvent, Deploy, Site
from tests.factories import make_user, observe
from tests.processes import Running, environment, eventually, free_port

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("static_files", "sites")]
HOST = "cacophony.natwelch.com"
TAPS = 50


@pytest.fixture
def web(world: World, tmp_path: Path) -> Iterator[str]:
    """A web process as in production; its address."""
    bind = f"127.0.0.1:{free_port()}"
    command = [sys.executable, "-m", "gunicorn", "dashboard.wsgi", "--config", "python:dashboard.gunicorn"]
    env = environment(tmp_path, **world.settings(tmp_path))
    with Running([*command, "--bind", bind], env, log=tmp_path / "web.log") as running:
        assert eventually(lambda: _is_up(f"http://{bind}"), seconds=60), running.message
        yield f"http://{bind}"


def _is_up(address: str) -> bool:
    try:
        return requests.get(f"{address}/readyz", timeout=2).ok
    except requests.RequestException:
        return False


def person(name: str, address: str) -> Callable[[str, str], requests.Response]:
    """Log someone in; return what taps Deploy on their behalf and follows to the page that shows how it went."""
    client = Client()
    client.force_login(make_user(name))
    cookies = {"sessionid": client.cookies["sessionid"].value}
    first = requests.get(f"{address}/", cookies=cookies, timeout=60)
    cookies["csrftoken"] = first.cookies["csrftoken"]

    def tap(sha: str, seen: str) -> requests.Response:
        form = {"sha": sha, "seen": seen, "key": str(uuid4()), "csrfmiddlewaretoken": cookies["csrftoken"]}
        return requests.post(f"{address}/sites/{HOST}/deploy", form, cookies=cookies, timeout=60)

    return tap


def all_at_once(taps: list[Callable[[], requests.Response]]) -> list[requests.Response]:
    """Start every tap at one moment, each in its own thread; return the answers in the taps' order."""
    answers: dict[int, requests.Response] = {}
    start = threading.Barrier(len(taps))

    def go(number: int) -> None:
        start.wait()
        answers[number] = taps[number]()

    threads = [threading.Thread(target=go, args=(number,)) for number in range(len(taps))]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return [answers[number] for number in range(len(taps))]


def test_fifty_taps_at_once_are_one_deploy(world: World, clients: Clients, web: str) -> None:
    sha = world.commit(HOST)
    observe(clients)
    OrmQ.objects.all().delete()
    seen = Site.objects.get(host=HOST).observation.deployed_sha
    tap = person("nat", web)

    answers = all_at_once([lambda: tap(sha, seen)] * TAPS)

    deploy = Deploy.objects.get()
    assert {answer.url for answer in answers} == {f"{web}/deploys/{deploy.pk}/"}
    assert [task.func() for task in OrmQ.objects.all()] == ["deployments.tasks.start_deploy"]
    assert AuditEvent.objects.filter(kind=AuditEvent.Kind.DEPLOY).count() == 1


def test_of_two_people_who_deploy_different_commits_one_gets_a_message(
    world: World, clients: Clients, web: str
) -> None:
    seen = world.repository(HOST).head
    shas = [world.commit(HOST), world.commit(HOST)]
    observe(clients)
    people = [person("ann", web), person("ben", web)]

    answers = all_at_once([lambda one=one: people[one](shas[one], seen) for one in (0, 1)])

    deploy = Deploy.objects.get()
    won = shas.index(deploy.sha)
    assert answers[won].url == f"{web}/deploys/{deploy.pk}/"
    stated = f"Commit {deploy.sha[:7]} is being deployed here right now. Wait until it has ended."
    assert stated in answers[1 - won].text
    refusal = AuditEvent.objects.get(kind=AuditEvent.Kind.REFUSAL)
    assert refusal.actor_name == ("ann", "ben")[1 - won]
