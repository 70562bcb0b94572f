"""Whatever is in the rows that web writes: a worker runs images from where its own settings say, and no others."""

import pytest

from demo.world import World
from deployments.clients.clients import Clients
from deployments.models import Deploy, Kind, Site, Status
from deployments.operations.deploys.start import start_deploy
from deployments.operations.deploys.waiting import check_pending_image
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
