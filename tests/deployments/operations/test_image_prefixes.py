"""Whatever is in the rows that web writes: a worker runs images from where its own settings say, and no others."""

import pytest
import yaml

from demo.world import NAMESPACE, World
from deployments.clients.clients import Clients
from deployments.models import Build, Deploy, Kind, MappedWorkload, Site, Status
from deployments.operations.deploys.start import start_deploy
from deployments.operations.deploys.waiting import check_pending_image
from deployments.operations.sync.commits import fetch_commits
from simulators.registry import Says, labels_of
from tests.factories import NOW, ask, observe

HOST = "cacophony.natwelch.com"

pytestmark = pytest.mark.usefixtures("sites")


def begun(clients: Clients, *prefixes: str, template: str = "", **written: object) -> Deploy:
    """Let a worker begin a Deploy in whose row, and in whose site's template, someone has written."""
    deploy = ask(HOST)
    Site.objects.filter(host=HOST).update(image_template=template)
    Deploy.objects.filter(pk=deploy.pk).update(status=Status.QUEUED, **written)
    start_deploy(deploy_id=deploy.pk, clients=clients, now=NOW, image_prefixes=prefixes)
    deploy.refresh_from_db()
    return deploy


def test_an_image_from_elsewhere_is_refused_with_a_sentence(world: World, clients: Clients) -> None:
    world.commit(HOST)
    observe(clients)
    before = world.running_image(HOST)

    deploy = begun(clients, "gcr.io/icco-cloud/")

    assert deploy.status == Status.FAILED
    assert deploy.message.startswith("The worker runs images from gcr.io/icco-cloud/ alone, and 127.0.0.1:")
    assert deploy.message.endswith("or add its place to the worker's IMAGE_PREFIXES.")
    assert world.running_image(HOST) == before


def test_rows_that_agree_with_each_other_do_not_help(world: World, clients: Clients) -> None:
    world.commit(HOST)
    observe(clients)
    ours = world.image_template.partition("{")[0]
    evil = f"evil.example.com/cacophony:{'ab' * 20}"
    template, present = "evil.example.com/{repository}:{sha}", world.running_image(HOST)

    deploy = begun(clients, ours, template=template, image=evil, accepts_image=present)

    assert (deploy.status, world.running_image(HOST)) == (Status.FAILED, present)
    assert evil in deploy.message


@pytest.mark.parametrize("accepts", ["ours", "theirs"])
def test_a_workload_that_runs_a_foreign_image_already_brings_it_to_no_other(
    world: World, clients: Clients, accepts: str
) -> None:
    """The row says that the patch was sent, and what runs seems to confirm it."""
    evil, present = f"evil.example.com/cacophony:{'ab' * 20}", world.running_image(HOST)
    pod = {"containers": [{"name": "main", "image": evil}]}
    template = {"metadata": {"labels": {"app": "evil"}}, "spec": pod}
    spec = {"replicas": 1, "selector": {"matchLabels": {"app": "evil"}}, "template": template}
    evils = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "evil"}, "spec": spec}
    world.cluster.apply(yaml.safe_dump(evils), namespace=NAMESPACE)
    world.cluster.settle_now()
    world.commit(HOST)
    observe(clients)
    MappedWorkload.objects.create(
        site=Site.objects.get(host=HOST),
        kind="Deployment",
        namespace=NAMESPACE,
        name="evil",
        containers=["main"],
        position=1,
    )

    deploy = begun(
        clients,
        world.image_template.partition("{")[0],
        image=evil,
        patch_sent_at=NOW,
        accepts_image={"ours": present, "theirs": evil}[accepts],
    )

    assert (deploy.status, world.running_image(HOST)) == (Status.FAILED, present)
    assert "IMAGE_PREFIXES" in deploy.message


@pytest.mark.by_label
def test_the_build_that_a_commit_is_pinned_to_lies_where_it_should_too(
    world: World, clients: Clients
) -> None:
    """The row names an image of ours; the site's template, and so the build of that commit, is another's."""
    head, present = world.commit(HOST), world.running_image(HOST)
    source = "https://github.com/icco/cacophony"
    world.registry.push("evil/cacophony", world.tag(HOST, head), says=Says(labels_of(head, source)))
    Site.objects.filter(host=HOST).update(
        image_template=f"{world.registry.host}/evil/{{repository}}:{{sha}}",
        former_repository=f"{world.registry.host}/{world.path(HOST)}",
    )
    for _ in range(2):
        observe(clients)
        fetch_commits(github=clients.github, now=NOW)
    ours = world.image_template.partition("{")[0]
    assert Build.objects.filter(repository=f"{world.registry.host}/evil/cacophony", sha=head).exists()

    deploy = begun(
        clients,
        ours,
        template=f"{world.registry.host}/evil/{{repository}}:{{sha}}",
        image=f"{ours}cacophony:main",
    )

    assert (deploy.status, world.running_image(HOST)) == (Status.FAILED, present)
    assert "IMAGE_PREFIXES" in deploy.message


def test_what_lies_where_it_should_is_deployed(world: World, clients: Clients) -> None:
    world.commit(HOST)
    observe(clients)

    deploy = begun(clients, world.image_template.partition("{")[0])

    assert deploy.status == Status.ROLLING_OUT


def test_a_restart_brings_no_image_and_is_not_asked(world: World, clients: Clients) -> None:
    world.commit(HOST)
    observe(clients)

    deploy = begun(clients, "gcr.io/nowhere/", kind=Kind.RESTART, image=world.running_image(HOST))

    assert "IMAGE_PREFIXES" not in deploy.message


@pytest.mark.parametrize("path", ["../../x:1", "cron:1\n", "", "cron@sha256:5"])
@pytest.mark.parametrize("are_named", [True, False])
def test_what_is_no_images_name_is_refused_with_a_sentence(
    world: World, clients: Clients, path: str, are_named: bool
) -> None:
    world.commit(HOST)
    observe(clients)
    ours, present = world.image_template.partition("{")[0], world.running_image(HOST)

    deploy = begun(clients, *([ours] if are_named else []), image=f"{ours}{path}", accepts_image=present)

    assert (deploy.status, world.running_image(HOST)) == (Status.FAILED, present)
    assert deploy.message


def test_a_waiting_deploy_of_what_is_no_image_ends_with_a_sentence(world: World, clients: Clients) -> None:
    world.commit(HOST)
    observe(clients)
    deploy = ask(HOST)
    Deploy.objects.filter(pk=deploy.pk).update(
        status=Status.WAITING, queued_at=None, image="gcr.io/a/../../x:1"
    )

    check_pending_image(deploy_id=deploy.pk, clients=clients, now=NOW)

    deploy.refresh_from_db()
    assert deploy.status == Status.FAILED
    assert "is not an image's name" in deploy.message
