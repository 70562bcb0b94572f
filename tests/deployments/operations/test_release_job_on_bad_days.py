"""What a release job could be mistaken for, and what may happen to it: it is run knowingly, once, and its end is not missed."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import yaml
from django.utils import timezone

from demo.world import NAMESPACE, World
from deployments.clients.clients import Clients
from deployments.clients.cluster import Cluster
from deployments.models import Deploy, Site, Status
from deployments.operations.deploys.cancel import cancel_deploy
from deployments.rules.workloads import Workload, WorkloadKind
from simulators.cluster import PULL_DENIED, STUCK, Behaviour
from simulators.cluster.admission import Denial, Mutation
from tests.deployments.operations.following import HOST, NAME, Clock, see_through
from tests.deployments.operations.test_release_job import UPGRADE, behave, cron_job, jobs, released
from tests.factories import NOW, ask, begin, make_user, observe, succeed

pytestmark = [pytest.mark.usefixtures("sites"), pytest.mark.every_kind, pytest.mark.slow]

PROXY = {"name": "a-proxy", "image": "gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.18.0"}


@pytest.fixture
def shop(world: World) -> World:
    """A site of one Deployment with a release job, whose newest commit is not deployed yet."""
    world.cluster.apply(cron_job(world.image(HOST)), namespace=NAMESPACE)
    Site.objects.filter(host=HOST).update(release_job=UPGRADE)
    world.commit(HOST)
    return world


def change(world: World, **spec: Any) -> None:
    world.cluster.change("CronJob", NAMESPACE, UPGRADE, lambda one: one["spec"].update(spec))


def change_containers(world: World, change: Callable[[list[dict[str, Any]]], None]) -> None:
    world.cluster.change(
        "CronJob",
        NAMESPACE,
        UPGRADE,
        lambda one: change(one["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]),
    )


def make_job(world: World, name: str, image: str) -> None:
    """A Job of that name, which someone made, or Headway before its database was restored."""
    found = yaml.safe_load(cron_job(image))
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}}
    world.cluster.apply(
        yaml.safe_dump(job | {"spec": found["spec"]["jobTemplate"]["spec"]}), namespace=NAMESPACE
    )
    world.cluster.settle_now()


@pytest.mark.parametrize("kind", ["webhook", "quota"])
def test_what_the_cluster_refuses_of_the_only_workload_is_refused_before_the_job(
    clients: Clients, shop: World, kind: str
) -> None:
    observe(clients)
    if kind == "webhook":
        denial = Denial(
            webhook="policy.example.com",
            image=shop.image(HOST),
            message="unsigned",
            kinds=("deployments",),
        )
        shop.cluster.denials.append(denial)
    else:
        words = f'deployments.apps "{NAME}" is forbidden: exceeded quota: unsigned'
        shop.cluster.fail_next(403, 9, method="PATCH", message=words)

    deploy = begin(ask(HOST), clients)

    assert deploy.status == Status.FAILED
    assert "unsigned" in deploy.message
    assert jobs(shop) == []


@pytest.mark.parametrize("container", ["upgrade", "backup"], ids=["its only container", "named like it"])
def test_another_app_s_cron_job_is_never_run_with_this_site_s_image(
    clients: Clients, shop: World, container: str
) -> None:
    backup = yaml.safe_load(cron_job("docker.io/library/postgres:16"))
    backup["metadata"]["name"] = "backup"
    backup["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["name"] = container
    shop.cluster.apply(yaml.safe_dump(backup), namespace=NAMESPACE)
    Site.objects.filter(host=HOST).update(release_job="backup")
    observe(clients)

    deploy = begin(ask(HOST), clients)

    assert deploy.status == Status.FAILED
    assert "No container of CronJob backup runs an image of this site" in deploy.message
    assert jobs(shop) == []


@pytest.mark.parametrize("cause", ["not suspended", "gone", "refused", "wrong app"])
def test_where_no_job_was_created_none_is_spoken_of(clients: Clients, shop: World, cause: str) -> None:
    observe(clients)
    if cause == "not suspended":
        change(shop, suspend=False)
    elif cause == "gone":
        Site.objects.filter(host=HOST).update(release_job="gone")
    elif cause == "refused":
        shop.cluster.fail_next(
            403, 9, method="POST", path_contains="/jobs", message='jobs is forbidden: exceeded quota: "few"'
        )
    else:
        change_containers(shop, lambda found: found[0].update(image="docker.io/library/postgres:16"))

    deploy = begin(ask(HOST), clients)

    assert deploy.status == Status.FAILED
    assert "may still be running" not in deploy.message


def test_a_job_of_that_name_with_another_image_is_not_taken_for_this_deploy_s(
    clients: Clients, shop: World
) -> None:
    observe(clients)
    deploy = ask(HOST)
    name = f"{UPGRADE}-{deploy.pk}"
    make_job(shop, name, shop.image(HOST, shop.repository(HOST).graph.commits[-2].sha))
    before = shop.running_image(HOST)

    begin(deploy, clients)

    assert deploy.status == Status.FAILED
    assert f"Job {name} is there already" in deploy.message
    assert shop.running_image(HOST) == before


def test_a_job_whose_image_a_webhook_pinned_is_known_after_a_lost_answer(
    clients: Clients, shop: World
) -> None:
    observe(clients)
    shop.cluster.mutations.append(Mutation(pins=True, drops_tag=True, kinds=("jobs",)))
    shop.cluster.drop_connection(method="POST", path_contains="/jobs", after=True)

    deploy = begin(begin(ask(HOST), clients), clients)

    assert deploy.status == Status.RELEASING, deploy.message
    assert jobs(shop) == [f"{UPGRADE}-{deploy.pk}"]


@pytest.mark.parametrize("forgets", ["at once", "no history"])
def test_a_job_that_the_cluster_would_forget_at_once_is_kept_until_its_end_is_seen(
    clients: Clients, shop: World, forgets: str
) -> None:
    if forgets == "at once":
        shop.cluster.change(
            "CronJob",
            NAMESPACE,
            UPGRADE,
            lambda one: one["spec"]["jobTemplate"]["spec"].update(ttlSecondsAfterFinished=0),
        )
    else:
        change(shop, successfulJobsHistoryLimit=0, failedJobsHistoryLimit=0)
    behave(shop, Behaviour(job_log=("Applied 3 migrations.",)))
    observe(clients)
    deploy = released(clients)
    shop.cluster.settle_now()

    see_through(deploy, clients)
    was_released = Deploy.objects.get(pk=deploy.pk)
    succeed(deploy, clients, shop)

    assert was_released.release_log.strip() == "Applied 3 migrations."
    assert deploy.status == Status.SUCCEEDED, deploy.message


def test_the_log_is_that_of_the_container_that_runs_the_site_s_image(clients: Clients, shop: World) -> None:
    change_containers(shop, lambda found: found.insert(0, PROXY))
    behave(shop, Behaviour(job_log=("Applied 3 migrations.",)))
    observe(clients)

    deploy = see_through(released(clients), clients)

    assert deploy.release_log.strip() == "Applied 3 migrations."


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        (PULL_DENIED, "The cluster may not pull "),
        (STUCK("CreateContainerConfigError", 'secret "database" not found'), 'secret "database" not found'),
    ],
    ids=["no access", "no secret"],
)
def test_what_keeps_the_job_from_running_is_said_while_it_is_waited_for(
    clients: Clients, shop: World, behaviour: Behaviour, words: str
) -> None:
    behave(shop, behaviour)
    observe(clients)

    deploy = see_through(
        released(clients), clients, clock=Clock(minutes=3), until=lambda deploy: words in deploy.message
    )

    assert deploy.status == Status.RELEASING
    assert deploy.message.startswith(f"Job {UPGRADE}-{deploy.pk} is running. ")


class CancelledMeanwhile:
    """The real client; a person cancels the Deploy while the CronJob is read."""

    def __init__(self, cluster: Cluster, deploy: Deploy) -> None:
        self._cluster, self._deploy, self._person = cluster, deploy, make_user("ann")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cluster, name)

    def workload(self, kind: str, namespace: str, name: str) -> Workload:
        if kind == WorkloadKind.CRON_JOB and name == UPGRADE:
            cancel_deploy(deploy=Deploy.objects.get(pk=self._deploy.pk), by=self._person, now=NOW)
        return self._cluster.workload(kind, namespace, name)


def test_what_is_cancelled_just_before_the_job_makes_none(clients: Clients, shop: World) -> None:
    observe(clients)
    deploy = ask(HOST)
    slow = replace(clients, connected=CancelledMeanwhile(clients.cluster, deploy))  # type: ignore[arg-type]

    begin(deploy, slow)

    assert deploy.status == Status.CANCELLED
    assert "may still be running" not in deploy.message
    assert jobs(shop) == []


@pytest.mark.parametrize("name", ["", "another"])
def test_a_mapping_that_names_another_release_job_midway_changes_nothing_of_the_one_under_way(
    clients: Clients, shop: World, name: str
) -> None:
    observe(clients)
    shop.cluster.drop_connection(method="POST", path_contains="/jobs", after=True)
    deploy = begin(ask(HOST), clients)
    Site.objects.filter(host=HOST).update(release_job=name)
    begin(deploy, clients)
    Deploy.objects.filter(pk=deploy.pk).update(release_started_at=timezone.now())

    see_through(deploy, clients)
    was_released = Deploy.objects.get(pk=deploy.pk)
    succeed(deploy, clients, shop)

    assert was_released.released_at is not None, was_released.message
    assert deploy.status == Status.SUCCEEDED, deploy.message
    assert jobs(shop) == [f"{UPGRADE}-{deploy.pk}"]


def test_a_deploy_whose_steps_are_gone_keeps_no_other_from_ending_and_ends_itself(
    clients: Clients, shop: World
) -> None:
    other = next(host for host in shop.mappings if host != HOST)
    shop.commit(other)
    observe(clients)
    broken, whole = released(clients), begin(ask(other), clients)
    Deploy.objects.filter(pk=whole.pk).update(patched_at=timezone.now())
    broken.steps.all().delete()

    see_through(whole, clients, until=lambda deploy: deploy.status == Status.SUCCEEDED)
    see_through(broken, clients, clock=Clock(hours=2))

    assert whole.status == Status.SUCCEEDED
    assert broken.status == Status.FAILED
    assert broken.message.startswith("How the release job ended is not known: IndexError")
