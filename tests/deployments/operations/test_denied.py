"""Credentials that are renewed, and an API server that starts: neither is a refusal before a minute is over."""

from datetime import timedelta
from pathlib import Path

import pytest
from django_q.models import OrmQ
from pytest_django.fixtures import Settings

from demo.world import World
from deployments.clients.clients import Clients
from deployments.models import Deploy, Site, Status, Trigger
from deployments.operations.deploys.start import start_deploy
from tests.deployments.operations.following import HOST, rolled_out, see_through
from tests.factories import NOW, ask, begin, observe

pytestmark = pytest.mark.usefixtures("sites")


@pytest.fixture
def queued(world: World, clients: Clients) -> Deploy:
    world.commit(HOST)
    observe(clients)
    return ask(HOST)


def begin_at(deploy: Deploy, clients: Clients, *, seconds: float) -> Deploy:
    start_deploy(deploy_id=deploy.pk, clients=clients, now=NOW + timedelta(seconds=seconds))
    deploy.refresh_from_db()
    return deploy


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_a_refusal_is_tried_again_for_a_minute(
    world: World, clients: Clients, queued: Deploy, status: int, method: str
) -> None:
    world.cluster.fail_next(status, times=2, method=method, path_contains="/deployments/")

    begin_at(queued, clients, seconds=0)
    before = (queued.status, queued.message)
    begin_at(queued, clients, seconds=5)
    begin_at(queued, clients, seconds=10)

    assert before[0] == Status.QUEUED
    assert "Retrying for a minute" in before[1]
    assert (queued.status, queued.denied_since) == (Status.ROLLING_OUT, None)


def test_after_a_minute_it_is_a_refusal(world: World, clients: Clients, queued: Deploy) -> None:
    world.cluster.fail_next(403, times=9, method="PATCH")
    begin_at(queued, clients, seconds=0)
    begin_at(queued, clients, seconds=59)
    before = queued.status

    begin_at(queued, clients, seconds=60)

    assert (before, queued.status, queued.reason) == (Status.QUEUED, Status.FAILED, "not_allowed")
    assert "Grant it in Headway's Role" in queued.message


def test_it_is_no_automatic_try_of_its_commit(world: World, clients: Clients) -> None:
    Site.objects.filter(host=HOST).update(auto_deploy=True)
    world.commit(HOST)
    observe(clients)
    first = Deploy.objects.get(trigger=Trigger.SYNC)
    world.cluster.fail_next(403, times=2, method="PATCH")
    begin_at(first, clients, seconds=0)
    begin_at(first, clients, seconds=61)

    observe(clients)

    second = Deploy.objects.first()
    assert (first.status, second.sha, second.status) == (Status.FAILED, first.sha, Status.QUEUED)
    assert second.pk != first.pk


def test_what_was_tried_and_failed_still_waits_for_a_person(world: World, clients: Clients) -> None:
    Site.objects.filter(host=HOST).update(auto_deploy=True)
    world.commit(HOST)
    observe(clients)
    first = Deploy.objects.get()
    Deploy.objects.filter(pk=first.pk).update(status=Status.FAILED, reason="crash", finished_at=NOW)

    observe(clients)

    assert Deploy.objects.count() == 1


def test_after_a_blip_the_next_try_is_due_within_ten_seconds_and_once(
    world: World, clients: Clients, queued: Deploy
) -> None:
    OrmQ.objects.all().delete()
    world.cluster.fail_next(503, times=2, path_contains="/deployments/")

    begin(queued, clients)
    begin(queued, clients)

    entries = [entry for entry in OrmQ.objects.all() if entry.task["func"].endswith(".start_deploy")]
    assert len(entries) == 1


def test_an_outage_is_left_to_the_tick(world: World, clients: Clients, queued: Deploy) -> None:
    OrmQ.objects.all().delete()
    world.cluster.fail_next(503, path_contains="/deployments/")

    begin_at(queued, clients, seconds=121)

    assert not OrmQ.objects.exists()


def test_a_follower_reads_a_renewed_token(
    world: World, clients: Clients, settings: Settings, tmp_path: Path
) -> None:
    settings.KUBECONFIG = world.cluster.write_kubeconfig(tmp_path / "rotating")
    own = Clients(clients.github, clients.registry, site_check=clients.site_check)
    deploy = rolled_out(world, own)
    world.cluster.rotate_token()
    world.cluster.write_kubeconfig(settings.KUBECONFIG)

    see_through(deploy, own)

    own.cluster.close()
    assert deploy.status == Status.SUCCEEDED
