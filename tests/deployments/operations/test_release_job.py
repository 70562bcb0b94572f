"""A release job runs before anything is changed, once for each Deploy, and what it did is never called undone."""

import pytest
import yaml
from django.utils import timezone

from demo.world import NAMESPACE, World
from deployments.clients.clients import Clients
from deployments.models import Deploy, Site, Status
from deployments.operations.deploys.cancel import cancel_deploy
from deployments.operations.deploys.rollback import request_rollback
from simulators.cluster import SLOW, Behaviour
from tests.deployments.operations.following import HOST, NAME, TIMEOUTS, Clock, see_through
from tests.factories import JUST_NOW, NOW, ask, begin, make_user, observe, succeed

pytestmark = [pytest.mark.usefixtures("sites"), pytest.mark.every_kind]

UPGRADE = "upgrade"


def cron_job(image: str, *, suspend: bool = True) -> str:
    container = {"name": "upgrade", "image": image, "command": ["./manage", "migrate"]}
    pod = {"containers": [container], "restartPolicy": "Never"}
    job = {"spec": {"backoffLimit": 0, "template": {"spec": pod}}}
    spec = {"schedule": "0 0 1 1 *", "suspend": suspend, "jobTemplate": job}
    return yaml.safe_dump(
        {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": UPGRADE}, "spec": spec}
    )


@pytest.fixture
def shop(world: World) -> World:
    """A site with a release job, whose newest commit is not deployed yet."""
    world.cluster.apply(cron_job(world.image(HOST)), namespace=NAMESPACE)
    Site.objects.filter(host=HOST).update(release_job=UPGRADE)
    world.commit(HOST)
    return world


def jobs(world: World) -> list[str]:
    """The Jobs that were created, by name, whether that was answered or not."""
    return [
        yaml.safe_load(each.body)["metadata"]["name"]
        for each in world.cluster.requests
        if each.method == "POST" and each.path.endswith("/jobs") and each.status < 300
    ]


def released(clients: Clients) -> Deploy:
    """Begin a Deploy, whose release job begins just now."""
    deploy = begin(ask(HOST), clients)
    Deploy.objects.filter(pk=deploy.pk).update(release_started_at=timezone.now())
    deploy.refresh_from_db()
    return deploy


def behave(world: World, behaviour: Behaviour) -> None:
    world.behaviours[world.image(HOST)] = behaviour


def test_the_workloads_are_changed_when_the_job_is_complete(clients: Clients, shop: World) -> None:
    behave(shop, Behaviour(job_log=("Applied 3 migrations.",)))
    observe(clients)
    before = shop.running_image(HOST)
    deploy = released(clients)
    while_it_ran = (deploy.status, shop.running_image(HOST))

    see_through(deploy, clients)
    was_released = Deploy.objects.get(pk=deploy.pk)
    succeed(deploy, clients, shop)

    assert while_it_ran == (Status.RELEASING, before)
    assert was_released.status == Status.QUEUED
    assert deploy.status == Status.SUCCEEDED
    assert deploy.release_log.strip() == "Applied 3 migrations."
    assert jobs(shop) == [f"{UPGRADE}-{deploy.pk}"]
    job = shop.cluster.workload("Job", NAMESPACE, f"{UPGRADE}-{deploy.pk}")
    assert job["spec"]["template"]["spec"]["containers"][0]["image"] == shop.image(HOST)


def test_a_job_that_fails_ends_the_deploy_and_nothing_was_changed(clients: Clients, shop: World) -> None:
    before = shop.running_image(HOST)
    behave(shop, Behaviour(job_exit_code=1, job_log=("relation does not exist",)))
    observe(clients)

    deploy = see_through(released(clients), clients)

    assert (deploy.status, deploy.reason) == (Status.FAILED, "release_job")
    assert deploy.message.endswith("Nothing else was changed.")
    assert deploy.log.strip() == "relation does not exist"
    assert shop.running_image(HOST) == before


def test_a_worker_that_died_after_creating_the_job_creates_no_second_one(
    clients: Clients, shop: World
) -> None:
    observe(clients)
    shop.cluster.drop_connection(method="POST", path_contains="/jobs", after=True)
    deploy = begin(ask(HOST), clients)
    was = deploy.status

    begin(deploy, clients)

    assert was == Status.QUEUED
    assert deploy.status == Status.RELEASING
    assert jobs(shop) == [f"{UPGRADE}-{deploy.pk}"]


def test_every_guard_comes_before_the_job(clients: Clients, shop: World) -> None:
    observe(clients)
    shop.cluster.set_image(NAMESPACE, NAME, container=NAME, image="gcr.io/other/app:1")

    deploy = begin(ask(HOST), clients)

    assert deploy.status == Status.FAILED
    assert jobs(shop) == []


def test_a_cron_job_that_is_not_suspended_is_no_release_job(clients: Clients, shop: World) -> None:
    shop.cluster.change("CronJob", NAMESPACE, UPGRADE, lambda one: one["spec"].update(suspend=False))
    observe(clients)

    deploy = begin(ask(HOST), clients)

    assert deploy.status == Status.FAILED
    assert "is not suspended" in deploy.message
    assert jobs(shop) == []


def test_a_release_job_that_is_not_there_is_said(clients: Clients, shop: World) -> None:
    Site.objects.filter(host=HOST).update(release_job="gone")
    observe(clients)

    deploy = begin(ask(HOST), clients)

    assert deploy.status == Status.FAILED
    assert "404" in deploy.message


def test_a_rollback_runs_no_release_job(clients: Clients, shop: World) -> None:
    running = shop.repository(HOST).graph.commits[-2].sha
    observe(clients)
    deploy = see_through(released(clients), clients)
    succeed(deploy, clients, shop)
    observe(clients)
    shop.cluster.requests.clear()

    back = request_rollback(
        site=Site.objects.get(host=HOST),
        sha=running,
        seen_sha=deploy.sha,
        by=make_user("ann"),
        authentication=JUST_NOW,
        now=NOW,
    )
    succeed(back, clients, shop)

    assert back.status == Status.SUCCEEDED
    assert jobs(shop) == []


def test_while_the_job_runs_it_can_be_cancelled(clients: Clients, shop: World) -> None:
    behave(shop, SLOW(60))
    observe(clients)
    deploy = begin(ask(HOST), clients)

    cancel_deploy(deploy=deploy, by=make_user("ann"), now=timezone.now())

    deploy.refresh_from_db()
    assert deploy.status == Status.CANCELLED
    assert deploy.message.endswith(f"Release job {UPGRADE}-{deploy.pk} may still be running in the cluster.")


def test_what_is_refused_after_the_job_says_that_it_has_run(clients: Clients, shop: World) -> None:
    observe(clients)
    deploy = see_through(released(clients), clients)
    shop.cluster.set_image(NAMESPACE, NAME, container=NAME, image="gcr.io/other/app:1")

    begin(deploy, clients)

    assert deploy.status == Status.FAILED
    assert deploy.message.endswith(
        f"Release job {UPGRADE}-{deploy.pk} has run before that, and is not undone."
    )


def test_what_is_refused_after_a_lost_answer_says_that_the_job_may_run(clients: Clients, shop: World) -> None:
    observe(clients)
    shop.cluster.drop_connection(method="POST", path_contains="/jobs", after=True)
    deploy = begin(ask(HOST), clients)
    shop.cluster.set_image(NAMESPACE, NAME, container=NAME, image="gcr.io/other/app:1")

    begin(deploy, clients)

    assert deploy.status == Status.FAILED
    assert deploy.message.endswith(f"Release job {UPGRADE}-{deploy.pk} may still be running in the cluster.")


def test_a_job_that_does_not_end_times_out_after_an_hour(clients: Clients, shop: World) -> None:
    behave(shop, SLOW(600))
    observe(clients)
    deploy = released(clients)

    see_through(deploy, clients, timeouts=TIMEOUTS, clock=Clock(minutes=61))

    assert (deploy.status, deploy.reason) == (Status.FAILED, "release_job")
    assert "has not completed within 1 hour" in deploy.message
