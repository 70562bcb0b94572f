"""An image that someone else has set is shown with who did it, and stays until a person says what to do with it."""

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from demo.world import NAMESPACE, World
from deployments import queries
from deployments.clients.clients import Clients
from deployments.models import Deploy, Observation, Site, Status, Trigger
from deployments.operations.deploys.adopt import UnableToAdopt, adopt
from deployments.operations.deploys.request import UnableToDeploy
from deployments.rules.site_state import Action, Answer, State
from simulators.github import Failure
from tests.factories import NOW, ask, begin, make_user, observe, succeed

HOST = "cacophony.natwelch.com"
OTHER = "chartopia.app"

pytestmark = pytest.mark.usefixtures("sites")


def by_hand(world: World, clients: Clients, image: str) -> None:
    """Someone sets the image with kubectl, after Headway has looked once."""
    observe(clients)
    world.cluster.set_image(NAMESPACE, "cacophony", container="cacophony", image=image, manager="kubectl-set")
    world.cluster.settle_now()
    observe(clients)


@pytest.fixture
def older(world: World, clients: Clients, nat: User) -> str:
    sha = world.repository(HOST).graph.commits[-3].sha
    by_hand(world, clients, world.image(HOST, sha))
    return sha


@pytest.fixture
def foreign(world: World, clients: Clients, nat: User) -> str:
    by_hand(world, clients, world.image(OTHER))
    return world.image(OTHER)


@pytest.fixture
def admin() -> User:
    ada = make_user("ada")
    ada.is_staff = True
    ada.save()
    return ada


def seen() -> Observation:
    return Observation.objects.get(site__host=HOST)


def answer() -> Answer:
    return queries.site_page(name=HOST, now=NOW).row.answer


def adopt_it(image: str, by: User) -> Deploy:
    return adopt(site=Site.objects.get(host=HOST), image=image, by=by, now=NOW)


@pytest.fixture
def not_started(world: World, clients: Clients) -> str:
    """Someone sets an older commit by its short name, and its pods do not come up: only the Deployment knows of it."""
    Site.objects.filter(host=HOST).update(image_template=world.image_template.replace("{sha}", "{short_sha}"))
    head, older = (world.repository(HOST).graph.commits[number].sha for number in (-1, -4))
    world.registry.push("icco-cloud/cacophony", head[:7])
    world.cluster.set_image(NAMESPACE, "cacophony", container="cacophony", image=world.image(HOST, head[:7]))
    world.cluster.settle_now()
    observe(clients)
    world.cluster.set_image(NAMESPACE, "cacophony", container="cacophony", image=world.image(HOST, older[:7]))
    world.cluster.settle_now()
    return older


def test_a_commit_set_by_hand_that_does_not_run_is_asked_about(
    world: World, clients: Clients, not_started: str
) -> None:
    requests = len(world.github.requests)

    observe(clients, names=[HOST])

    assert (seen().desired_sha, seen().running_sha) == (not_started, world.repository(HOST).head)
    assert f"The Deployment asks for {not_started[:7]}." in answer().message
    assert len(world.github.requests) == requests + 1


def test_one_that_github_does_not_know_is_reported_as_that(
    world: World, clients: Clients, not_started: str
) -> None:
    image = world.image(HOST, "abababa")
    world.cluster.set_image(NAMESPACE, "cacophony", container="cacophony", image=image)
    world.cluster.settle_now()

    observe(clients, names=[HOST])

    assert answer().state == State.DRIFTED
    assert f"{image} names no commit that GitHub knows" in answer().message


def test_one_that_github_could_not_be_asked_about_is_not_reported_as_unknown_to_it(
    world: World, clients: Clients, not_started: str
) -> None:
    world.github.poison("icco/cacophony", Failure.BAD_GATEWAY)

    observe(clients, names=[HOST])

    assert (answer().state, answer().action) == (State.UNKNOWN, Action.SYNC)
    assert answer().message.startswith(
        f"GitHub could not be asked which commit {world.image(HOST, not_started[:7])} carries. GitHub failed"
    )


def test_the_first_look_takes_what_it_finds_for_right(world: World, clients: Clients) -> None:
    observe(clients)

    assert seen().accepted_image == world.image(HOST)
    assert answer().state == State.CURRENT


def test_a_commit_set_by_hand_is_reported_with_who_did_it_and_when(older: str) -> None:
    at = seen().desired_at

    assert seen().desired_by == "kubectl-set"
    assert at
    assert abs((timezone.now() - at).total_seconds()) < 60
    assert (answer().state, answer().action) == (State.DRIFTED, Action.REVIEW)
    assert f"The Deployment asks for {older[:7]}. kubectl-set set that image on " in answer().message


def test_another_apps_image_is_reported_with_who_did_it(foreign: str) -> None:
    assert answer().state == State.DRIFTED
    assert "kubectl-set set that image on " in answer().message


@pytest.mark.parametrize("drift", ["older", "foreign"])
def test_the_sync_never_overwrites_it(
    world: World, clients: Clients, drift: str, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue(drift)
    image = world.running_image(HOST)
    Site.objects.filter(host=HOST).update(auto_deploy=True)
    world.commit(HOST)

    report = observe(clients)

    assert (report.run.requested, Deploy.objects.count()) == (0, 0)
    assert report.run.decisions[HOST][0] == "stop"
    assert world.running_image(HOST) == image


def test_what_headway_set_itself_is_no_drift(world: World, clients: Clients, nat: User) -> None:
    world.commit(HOST)
    observe(clients)

    succeed(ask(HOST), clients, world)
    observe(clients)

    assert (seen().desired_by, answer().state) == ("headway", State.CURRENT)


def test_adopting_writes_it_into_the_history(world: World, clients: Clients, older: str, nat: User) -> None:
    deploy = adopt_it(world.image(HOST, older), nat)
    observe(clients)

    assert (deploy.sha, deploy.status, deploy.trigger) == (older, Status.SUCCEEDED, Trigger.ADOPTED)
    assert deploy.message.startswith("kubectl-set set it on ")
    assert answer().state == State.READY


def test_after_adopting_the_sync_deploys_again(world: World, clients: Clients, older: str, nat: User) -> None:
    adopt_it(world.image(HOST, older), nat)
    Site.objects.filter(host=HOST).update(auto_deploy=True)
    head = world.commit(HOST)

    observe(clients)

    assert Deploy.objects.first().sha == head


def test_another_apps_image_cannot_be_adopted(foreign: str, nat: User) -> None:
    with pytest.raises(UnableToAdopt, match="Correct the mapping"):
        adopt_it(foreign, nat)


def test_an_image_that_changed_since_the_person_looked_is_not_adopted(
    world: World, older: str, nat: User
) -> None:
    with pytest.raises(UnableToAdopt, match="changed since you opened this page"):
        adopt_it(world.image(HOST), nat)


def test_a_commit_that_is_not_on_the_branch_is_not_adopted(world: World, clients: Clients, nat: User) -> None:
    repository = world.repository(HOST)
    repository.create_branch("hotfix", repository.head)
    fix = repository.commit("Hotfix", branch="hotfix")
    world.build(HOST, fix)
    by_hand(world, clients, world.image(HOST, fix))

    with pytest.raises(UnableToAdopt, match="is not on the branch"):
        adopt_it(world.image(HOST, fix), nat)


def test_another_apps_image_is_replaced_only_by_who_saw_it(
    world: World, clients: Clients, foreign: str, admin: User
) -> None:
    with pytest.raises(UnableToDeploy, match="The container runs an image of"):
        ask(HOST, requested_by=admin)
    with pytest.raises(UnableToDeploy, match="The container runs an image of"):
        ask(HOST, requested_by=admin, accept_foreign_image=world.image(HOST))

    begin(ask(HOST, requested_by=admin, accept_foreign_image=foreign), clients)

    assert world.running_image(HOST) == world.image(HOST)


def test_another_apps_image_is_replaced_only_by_an_administrator(foreign: str, nat: User) -> None:
    with pytest.raises(UnableToDeploy, match="Only an administrator"):
        ask(HOST, requested_by=nat, accept_foreign_image=foreign)


def test_a_former_administrator_replaces_nothing(
    world: World, clients: Clients, foreign: str, admin: User
) -> None:
    deploy = ask(HOST, requested_by=admin, accept_foreign_image=foreign)
    User.objects.filter(pk=admin.pk).update(is_staff=False)

    begin(deploy, clients)

    assert (deploy.status, world.running_image(HOST)) == (Status.FAILED, foreign)
    assert "Only an administrator" in deploy.message


def test_yet_another_image_set_meanwhile_is_left_alone(
    world: World, clients: Clients, foreign: str, admin: User
) -> None:
    third = world.image("code.natwelch.com") if "code.natwelch.com" in world.mappings else f"{foreign}0"
    deploy = ask(HOST, requested_by=admin, accept_foreign_image=foreign)
    world.cluster.set_image(NAMESPACE, "cacophony", container="cacophony", image=third)

    begin(deploy, clients)

    assert deploy.status == Status.FAILED
    assert world.running_image(HOST) == third
