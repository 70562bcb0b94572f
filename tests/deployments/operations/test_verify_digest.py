"""Success means that the pods run the registry's build, not only its tag."""

import pytest
from django.utils import timezone

from demo.world import NAMESPACE, PROJECT, World
from deployments.clients.clients import Clients
from deployments.models import Deploy, Kind, Status
from simulators.registry import OCI_INDEX, OCI_MANIFEST
from tests.deployments.operations.following import HOST, NAME, rolled_out, see_through
from tests.factories import ask, begin, make_user, observe

pytestmark = pytest.mark.usefixtures("sites")
PATH = f"{PROJECT}/cacophony"


def run_first_build_everywhere(world: World, sha: str) -> None:
    """Have every node pull the commit's image once, and go back to what ran."""
    before = world.running_image(HOST)
    for image in (world.image(HOST, sha), before):
        world.cluster.set_image(NAMESPACE, NAME, container=NAME, image=image)
        world.cluster.scale(NAMESPACE, NAME, 30)
        world.cluster.settle_now()
    world.cluster.scale(NAMESPACE, NAME, 2)
    world.cluster.settle_now()


def begun(sha: str, clients: Clients) -> Deploy:
    observe(clients)
    deploy = begin(ask(HOST, sha), clients)
    Deploy.objects.filter(pk=deploy.pk).update(patched_at=timezone.now())
    return deploy


def deploy_moved_tag(world: World, clients: Clients) -> Deploy:
    """Deploy a commit whose tag was pushed a second time after every node had pulled it."""
    sha = world.commit(HOST)
    run_first_build_everywhere(world, sha)
    world.registry.push(PATH, sha, revision="another build of it")
    return begun(sha, clients)


def test_a_tag_that_was_moved_while_nodes_keep_the_old_build_fails_it(world: World, clients: Clients) -> None:
    deploy = deploy_moved_tag(world, clients)

    see_through(deploy, clients)

    assert (deploy.status, deploy.reason) == (Status.FAILED, "other_build")
    assert deploy.message.startswith("2 of 2 ready pods are of another build (sha256:")


def test_the_registrys_build_is_written_down_when_a_deploy_begins(world: World, clients: Clients) -> None:
    deploy = rolled_out(world, clients)

    deploy.refresh_from_db()
    assert deploy.digest == world.registry.image_id(deploy.image).partition("@")[2]


def test_a_tag_that_moves_after_the_pods_pulled_it_is_no_failure(world: World, clients: Clients) -> None:
    deploy = rolled_out(world, clients)
    world.cluster.settle_now()
    world.registry.push(PATH, deploy.sha, revision="another build of it")

    see_through(deploy, clients)

    assert deploy.status == Status.SUCCEEDED


@pytest.mark.parametrize(
    ("on_nodes", "in_registry"),
    [
        pytest.param(OCI_MANIFEST, OCI_INDEX, id="nodes report the platform's manifest"),
        pytest.param(OCI_INDEX, OCI_MANIFEST, id="nodes report another index of the same build"),
    ],
)
def test_one_build_under_two_digests_is_one_build(
    world: World, clients: Clients, on_nodes: str, in_registry: str
) -> None:
    sha = world.repository(HOST).commit("Build for more than one platform")
    world.registry.push(PATH, sha, media_type=on_nodes)
    run_first_build_everywhere(world, sha)
    world.registry.push(PATH, sha, media_type=in_registry)
    deploy = begun(sha, clients)

    see_through(deploy, clients)

    assert deploy.status == Status.SUCCEEDED, deploy.message


def test_a_registry_that_cannot_be_asked_is_reported_and_fails_nothing(
    world: World, clients: Clients
) -> None:
    deploy = rolled_out(world, clients)
    world.registry.fail_next(503, 999)

    see_through(deploy, clients)

    assert deploy.status == Status.SUCCEEDED
    assert deploy.message.startswith(
        f"2 pods ready and stable. Not known whether it is the registry's build: {world.registry.host} fails (503"
    )


def test_going_back_to_the_very_build_that_ran_here_is_no_failure(world: World, clients: Clients) -> None:
    first = rolled_out(world, clients)
    see_through(first, clients)
    run_first_build_everywhere(world, first.sha)
    second = rolled_out(world, clients)
    see_through(second, clients)
    world.registry.push(PATH, first.sha, revision="another build of it")
    back = Deploy.objects.create(
        site=first.site,
        sha=first.sha,
        image=first.image,
        kind=Kind.ROLLBACK,
        trigger="person",
        from_image=second.image,
        requested_by=make_user("other"),
        requested_by_name="other",
        requested_at=timezone.now(),
    )
    begin(back, clients)
    Deploy.objects.filter(pk=back.pk).update(patched_at=timezone.now())

    see_through(back, clients)

    assert (first.status, second.status, back.status) == (Status.SUCCEEDED,) * 3, back.message
