"""GitHub's trouble with one site that time does not heal is shown at once; what may pass is shown beside what still holds."""

from collections.abc import Callable

import pytest

from demo.world import World
from deployments.clients.clients import Clients
from deployments.clients.github import GitHub
from deployments.models import Observation, Site, Status
from deployments.queries import site_list, site_page
from deployments.rules.autodeploy import Stop
from deployments.rules.site_state import Action, State
from simulators.github import Failure
from simulators.github.refusals import IP_LIST, LIFETIME_LIMIT
from tests.factories import NOW, ask, begin, observe

HOST = "cacophony.natwelch.com"

pytestmark = pytest.mark.usefixtures("sites")


def page():
    return site_page(name=HOST, now=NOW)


def be_behind(world: World, clients: Clients) -> str:
    """A head that is ready to be deployed, as the sync saw it."""
    head = world.commit(HOST)
    Site.objects.update(auto_deploy=True)
    observe(clients, names=[HOST])
    return head


def taken(world: World) -> str:
    """The repository is renamed, and someone takes its name."""
    before = world.repository(HOST)
    before.rename("noise")
    after = world.github.repositories.create("icco/cacophony")
    return after.commit("Something else")


def deleted_and_taken(world: World) -> str:
    world.repository(HOST).delete()
    return world.github.repositories.create("icco/cacophony").commit("Something else")


def moved_to_another_owner_and_taken(world: World) -> str:
    world.repository(HOST).rename("cacophony", owner="acme")
    return world.github.repositories.create("icco/cacophony").commit("Something else")


@pytest.mark.five_sites
@pytest.mark.parametrize("take", [taken, deleted_and_taken, moved_to_another_owner_and_taken])
def test_another_repository_by_that_name_is_reported_at_once_and_offers_no_deploy(
    world: World, clients: Clients, take: Callable[[World], str]
) -> None:
    world.commit(HOST)
    observe(clients, names=[HOST])
    take(world)
    Site.objects.update(auto_deploy=True)

    report = observe(clients, names=[HOST])

    answer = page().row.answer
    assert (answer.state, answer.action) == (State.MISSING, Action.EDIT)
    assert "is another repository than the one this site was mapped to" in answer.message
    assert isinstance(page().verdict, Stop)
    assert report.run.requested == 0


def test_a_commit_of_another_repository_by_that_name_is_never_deployed(
    world: World, clients: Clients
) -> None:
    world.commit(HOST)
    observe(clients, names=[HOST])
    foreign = taken(world)
    world.registry.push("icco-cloud/cacophony", foreign)

    deploy = begin(ask(HOST, sha=foreign), clients)

    assert deploy.status == Status.FAILED
    assert "is another repository than the one this site was mapped to" in deploy.message


def empty(world: World) -> None:
    world.repository(HOST).branches.clear()


def gone(world: World) -> None:
    world.repository(HOST).delete()


def branch_renamed(world: World) -> None:
    Site.objects.filter(host=HOST).update(branch=world.repository(HOST).default_branch)
    world.repository(HOST).rename_branch(world.repository(HOST).default_branch, "trunk")


def branch_that_never_was(world: World) -> None:
    Site.objects.filter(host=HOST).update(branch="gone")


@pytest.mark.parametrize(
    ("break_", "message"),
    [
        (empty, "icco/cacophony is empty. Push a first commit to it."),
        (
            branch_that_never_was,
            "icco/cacophony has no branch “gone”. Correct the site's branch, or leave it empty",
        ),
        (branch_renamed, "for the default one, “trunk”."),
        (gone, "GitHub has no repository icco/cacophony, or this token has no access to it"),
    ],
)
def test_what_is_missing_on_github_is_called_what_it_is(
    world: World, clients: Clients, break_: Callable[[World], None], message: str
) -> None:
    observe(clients, names=[HOST])
    break_(world)

    observe(clients, names=[HOST])

    assert page().row.answer.state == State.MISSING
    assert message in page().row.answer.message


@pytest.mark.parametrize("policy", [LIFETIME_LIMIT, IP_LIST])
def test_a_policy_that_keeps_the_token_out_is_reported_at_once(
    world: World, clients: Clients, policy: str
) -> None:
    observe(clients, names=[HOST])
    world.commit(HOST)
    Site.objects.update(auto_deploy=True)
    world.repository(HOST).policy = policy

    observe(clients, names=[HOST])

    answer = page().row.answer
    assert (answer.state, answer.action) == (State.UNKNOWN, Action.SYNC)
    assert answer.message == f"GitHub refuses icco/cacophony: “{policy.rstrip('.')}”."
    assert isinstance(page().verdict, Stop)
    assert page().row.problems == ()


def test_what_a_person_has_fixed_is_over_with_the_next_sync(world: World, clients: Clients) -> None:
    world.commit(HOST)
    world.repository(HOST).policy = IP_LIST
    observe(clients, names=[HOST])
    world.repository(HOST).policy = ""

    observe(clients, names=[HOST])

    assert page().row.answer.state == State.READY
    assert not Observation.objects.get(site__host=HOST).github_refused


def test_a_token_that_is_refused_is_reported_beside_what_still_holds(world: World, clients: Clients) -> None:
    head = be_behind(world, clients)
    with GitHub(token="revoked", api_url=world.github.url) as github:
        observe(Clients(github, clients.registry, clients.connected))

    found = site_list(now=NOW)

    assert page().row.seen.head_sha == head
    assert [each[:60] for each in page().row.problems] == [
        "GitHub does not accept the token: it is wrong, expired or revok"[:60]
    ]
    (message, sites), *others = found.problems
    assert message.endswith("Make a new one and set GITHUB_TOKEN.")
    assert (sites, others) == (1, [])


@pytest.mark.parametrize("failure", [Failure.BAD_GATEWAY, Failure.SOMETHING_WENT_WRONG])
def test_what_may_pass_leaves_the_deploy_where_it_is_and_is_reported_beside_it(
    world: World, clients: Clients, failure: Failure
) -> None:
    world.commit(HOST)
    observe(clients, names=[HOST])
    world.github.poison("icco/cacophony", failure)

    observe(clients, names=[HOST])

    assert page().row.answer.state == State.READY
    assert len(page().row.problems) == 1
