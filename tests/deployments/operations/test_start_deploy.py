"""A worker starts a request: every guard again, with what is there now, and at most one patch that changes something."""

import pytest

from demo.world import NAMESPACE, World
from deployments.clients.clients import Clients
from deployments.models import Deploy, Status
from deployments.operations.hold import place_hold
from simulators.cluster.refusals import GATEKEEPER, KYVERNO, QUOTA, Refusal
from tests.factories import NOW, ask, begin, make_user, observe, remap

HOST = "cacophony.natwelch.com"
WITH_SIDECAR = "aniplaxt.natwelch.com"
OTHER = "chartopia.app"

pytestmark = pytest.mark.usefixtures("sites")


@pytest.fixture
def queued(world: World, clients: Clients) -> Deploy:
    world.commit(HOST)
    observe(clients)
    deploy = ask(HOST)
    world.cluster.requests.clear()
    return deploy


def patches(world: World) -> int:
    return sum(entry.method == "PATCH" and entry.status == 200 for entry in world.cluster.requests)


def test_the_patch_sets_this_image_and_names_the_deploy(
    world: World, clients: Clients, queued: Deploy
) -> None:
    begin(queued, clients)

    metadata = world.cluster.deployment(NAMESPACE, "cacophony")["metadata"]
    assert queued.status == Status.ROLLING_OUT
    assert world.running_image(HOST) == queued.image
    assert metadata["annotations"]["headway.dev/deploy"] == str(queued.pk)
    assert queued.sha[:7] in metadata["annotations"]["kubernetes.io/change-cause"]
    assert patches(world) == 1


@pytest.mark.parametrize("headline", ["", "x" * 300, "word " * 60])
def test_the_change_cause_has_no_blank_end(
    world: World, clients: Clients, queued: Deploy, headline: str
) -> None:
    Deploy.objects.filter(pk=queued.pk).update(headline=headline)

    begin(queued, clients)

    annotations = world.cluster.deployment(NAMESPACE, "cacophony")["metadata"]["annotations"]
    cause = annotations["kubernetes.io/change-cause"]
    assert cause == cause.rstrip()
    assert len(cause) <= 200


@pytest.mark.five_sites
def test_the_mapped_container_gets_the_image_and_not_the_first(world: World, clients: Clients) -> None:
    sha = world.commit(WITH_SIDECAR)
    observe(clients)

    begin(ask(WITH_SIDECAR), clients)

    spec = world.cluster.deployment(NAMESPACE, "aniplaxt")["spec"]["template"]["spec"]
    assert [each["name"] for each in spec["containers"]] == ["proxy", "aniplaxt"]
    assert [each["image"].endswith(sha) for each in spec["containers"]] == [False, True]


def test_a_second_run_patches_nothing_more(world: World, clients: Clients, queued: Deploy) -> None:
    begin(queued, clients)
    Deploy.objects.update(status=Status.QUEUED)

    begin(queued, clients)

    assert queued.status == Status.ROLLING_OUT
    assert patches(world) == 1


def test_another_apps_image_pasted_meanwhile_is_left_alone(
    world: World, clients: Clients, queued: Deploy
) -> None:
    world.cluster.set_image(NAMESPACE, "cacophony", container="cacophony", image=world.image(OTHER))

    begin(queued, clients)

    assert queued.status == Status.FAILED
    assert "Nothing was changed. Correct the mapping" in queued.message
    assert world.running_image(HOST) == world.image(OTHER)


def test_an_image_changed_since_the_person_looked_is_left_alone(
    world: World, clients: Clients, queued: Deploy
) -> None:
    by_hand = world.image(HOST, world.repository(HOST).graph.commits[-2].sha)
    older = world.image(HOST, world.repository(HOST).graph.commits[-3].sha)
    assert by_hand == queued.from_image
    world.cluster.set_image(NAMESPACE, "cacophony", container="cacophony", image=older)

    begin(queued, clients)

    assert queued.status == Status.FAILED
    assert "The deployed commit changed" in queued.message
    assert world.running_image(HOST) == older


def test_a_hold_placed_meanwhile_stops_it(world: World, clients: Clients, queued: Deploy) -> None:
    place_hold(site=None, reason="Black Friday", by=make_user("ann"), now=NOW)

    begin(queued, clients)

    assert (queued.status, patches(world)) == (Status.FAILED, 0)
    assert queued.message == "All deploys are paused (by ann): Black Friday. Resume it first."


def test_an_image_that_is_gone_from_the_registry_stops_it(
    world: World, clients: Clients, queued: Deploy
) -> None:
    world.registry.remove("icco-cloud/cacophony", queued.sha)

    begin(queued, clients)

    assert (queued.status, patches(world)) == (Status.FAILED, 0)
    assert "is not in the registry yet" in queued.message


def test_a_commit_that_is_not_on_the_branch_stops_it(world: World, clients: Clients) -> None:
    repository = world.repository(HOST)
    repository.create_branch("attack", repository.head)
    stray = repository.commit("From somewhere else", branch="attack")
    world.build(HOST, stray)
    observe(clients)

    deploy = begin(ask(HOST, sha=stray), clients)

    assert (deploy.status, patches(world)) == (Status.FAILED, 0)
    assert "is not on the branch of icco/cacophony" in deploy.message


def test_an_older_commit_of_the_branch_may_be_requested(world: World, clients: Clients) -> None:
    older = world.repository(HOST).graph.commits[-3].sha
    observe(clients)

    deploy = begin(ask(HOST, sha=older), clients)

    assert (deploy.status, world.running_image(HOST)) == (Status.ROLLING_OUT, world.image(HOST, older))


def test_a_deployment_that_is_gone_stops_it(world: World, clients: Clients, queued: Deploy) -> None:
    world.cluster.delete_deployment(NAMESPACE, "cacophony")

    begin(queued, clients)

    assert queued.status == Status.FAILED


def test_a_container_renamed_meanwhile_is_not_added(world: World, clients: Clients, queued: Deploy) -> None:
    remap(HOST, container="renamed")

    begin(queued, clients)

    assert (queued.status, patches(world)) == (Status.FAILED, 0)
    assert "has no container named renamed" in queued.message


@pytest.mark.parametrize("refusal", [GATEKEEPER, KYVERNO, QUOTA])
def test_a_policy_of_the_cluster_ends_it_in_its_own_words(
    world: World, clients: Clients, queued: Deploy, refusal: Refusal
) -> None:
    world.cluster.fail_next(refusal.status, method="PATCH", message=refusal.message)

    begin(queued, clients)

    assert (queued.status, patches(world)) == (Status.FAILED, 0)
    assert queued.message.endswith(f"It said: {refusal.message}")
    assert "Grant it in Headway's Role" not in queued.message


def test_a_conflict_is_read_and_judged_again(world: World, clients: Clients, queued: Deploy) -> None:
    world.cluster.fail_next(409, method="PATCH")

    begin(queued, clients)

    assert (queued.status, patches(world)) == (Status.ROLLING_OUT, 1)


@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_an_api_server_that_answers_500_once_is_asked_again_by_the_tick(
    world: World, clients: Clients, queued: Deploy, method: str
) -> None:
    world.cluster.fail_next(500, method=method)

    begin(queued, clients)
    assert queued.status == Status.QUEUED
    assert "Retrying" in queued.message
    begin(queued, clients)

    assert (queued.status, patches(world)) == (Status.ROLLING_OUT, 1)


@pytest.mark.impatient
def test_an_api_server_that_hangs_leaves_the_deploy_queued(
    world: World, clients: Clients, queued: Deploy
) -> None:
    world.cluster.hang(10, method="PATCH")

    begin(queued, clients)

    assert queued.status == Status.QUEUED
    assert "Retrying" in queued.message


def test_a_registry_that_is_down_leaves_the_deploy_queued(
    world: World, clients: Clients, queued: Deploy
) -> None:
    world.registry.fail_next(500, times=5)

    begin(queued, clients)

    assert (queued.status, patches(world)) == (Status.QUEUED, 0)


def test_a_cancelled_deploy_is_not_begun(world: World, clients: Clients, queued: Deploy) -> None:
    queued.move(Status.CANCELLED, now=NOW)

    begin(queued, clients)

    assert (queued.status, patches(world)) == (Status.CANCELLED, 0)
