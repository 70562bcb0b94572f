"""Monorepos: commits that touch none of a site's paths are not behind."""

import pytest

from demo.world import World
from deployments.clients.clients import Clients
from deployments.models import CommitFiles, Deploy, Observation, Site, Status
from deployments.operations.deploys.deploy_request import WhenReady
from deployments.operations.deploys.request import UnableToDeploy
from deployments.operations.sync.commits import fetch_commits
from deployments.operations.sync.run import SyncReport
from deployments.queries import site_list
from deployments.rules.autodeploy import Go, Wait
from deployments.rules.site_state import State
from simulators.github import Failure
from tests.factories import NOW, ask, observe

HOST, SECOND = "cacophony.natwelch.com", "chartopia.app"

pytestmark = pytest.mark.usefixtures("sites")


@pytest.fixture(autouse=True)
def _paths(sites: dict[str, Site]) -> None:
    Site.objects.filter(host=HOST).update(paths="services/api/**, go.mod")


def look(world: World, clients: Clients) -> SyncReport:
    """A sync, what it queues, and the sync that this queues."""
    observe(clients, [HOST])
    fetch_commits(github=clients.github, now=NOW)
    return observe(clients, [HOST])


def asked_for_files(world: World) -> list[str]:
    return [each.path for each in world.github.requests if "/commits/" in each.path]


def answer() -> tuple[State, str]:
    (row,) = [each for each in site_list(now=NOW).rows if each.site.host == HOST]
    return row.answer.state, row.answer.message


def test_a_site_none_of_whose_paths_were_touched_is_up_to_date(world: World, clients: Clients) -> None:
    running = world.repository(HOST).head
    Site.objects.filter(host=HOST).update(auto_deploy=True)
    world.commit(HOST, "Translate the other app", files=("services/web/de.json",))
    world.commit(HOST, "Describe it", files=("README.md",))

    (decision,) = look(world, clients).decisions

    assert answer() == (
        State.CURRENT,
        f"Runs {running[:7]}. 2 newer commits touch none of its paths.",
    )
    assert isinstance(decision.verdict, Wait)
    assert decision.deploy is None


def test_only_commits_that_touch_its_paths_are_counted(world: World, clients: Clients) -> None:
    world.commit(HOST, files=("services/web/index.ts",))
    head = world.commit(HOST, files=("services/api/main.go", "services/web/index.ts"))

    look(world, clients)
    message = answer()[1]
    Site.objects.filter(host=HOST).update(auto_deploy=True)
    (decision,) = observe(clients, [HOST]).decisions

    assert message.startswith("1 commit behind. 1 newer commit touches none of its paths.")
    assert isinstance(decision.verdict, Go)
    assert decision.verdict.sha == head


def test_nothing_is_deployed_before_it_is_known_which_commits_are_the_sites(
    world: World, clients: Clients
) -> None:
    Site.objects.filter(host=HOST).update(auto_deploy=True)
    world.commit(HOST, files=("README.md",))

    (decision,) = observe(clients, [HOST]).decisions

    assert decision.reason == "Which of the newer commits touch its paths is not known yet."
    assert decision.lacks_commits


def test_a_commit_is_queried_once_for_all_sites_of_its_repository(world: World, clients: Clients) -> None:
    site = Site.objects.get(host=HOST)
    Site.objects.filter(host=SECOND).update(
        owner=site.owner, repository=site.repository, branch=site.branch, paths="services/web/**"
    )
    Observation.objects.create(site=Site.objects.get(host=SECOND), running_sha=world.repository(HOST).head)
    world.commit(HOST, files=("services/web/index.ts",))
    observe(clients, [HOST])
    Observation.objects.filter(site__host=SECOND).update(head_sha=world.repository(HOST).head)

    fetch_commits(github=clients.github, now=NOW)
    fetch_commits(github=clients.github, now=NOW)

    assert len(asked_for_files(world)) == 1
    left_out = {each.site.host: each.left_out["shas"] for each in Observation.objects.exclude(left_out=None)}
    assert left_out == {HOST: [world.repository(HOST).head], SECOND: []}


@pytest.mark.five_sites
def test_sites_without_paths_cost_nothing_more(world: World, clients: Clients) -> None:
    Site.objects.update(paths="")
    for host in world.mappings:
        world.commit(host)

    observe(clients)
    fetch_commits(github=clients.github, now=NOW)

    assert not CommitFiles.objects.exists()
    assert not asked_for_files(world)
    assert len(world.github.requests) == 1 + 5


def test_a_commit_of_more_files_than_github_lists_counts(world: World, clients: Clients) -> None:
    world.commit(HOST, files=tuple(f"docs/{number}.md" for number in range(300)))

    look(world, clients)

    assert answer()[0] is State.READY


def test_other_paths_are_counted_again(world: World, clients: Clients) -> None:
    Site.objects.filter(host=HOST).update(auto_deploy=True)
    world.commit(HOST, files=("README.md",))
    look(world, clients)
    Site.objects.filter(host=HOST).update(paths="*.md")

    (decision,) = observe(clients, [HOST]).decisions
    Site.objects.filter(host=HOST).update(auto_deploy=False)
    look(world, clients)

    assert isinstance(decision.verdict, Wait)
    assert answer()[0] is State.READY
    assert len(asked_for_files(world)) == 1


def test_a_github_that_is_silent_leaves_every_commit_counted(world: World, clients: Clients) -> None:
    world.commit(HOST, files=("README.md",))
    observe(clients, [HOST])
    world.github.poison("icco/cacophony", Failure.BAD_GATEWAY)

    fetch_commits(github=clients.github, now=NOW)

    assert answer()[0] is State.READY
    assert Observation.objects.get(site__host=HOST).left_out is None


def ours(world: World, **how: object) -> str:
    """A commit that touches the site's paths."""
    return world.commit(HOST, "Change the API", files=("services/api/main.go",), **how)


def others(world: World, **how: object) -> str:
    """A commit that touches another app's, of which this site's pipeline builds nothing."""
    return world.commit(HOST, "Translate it", files=("services/web/de.json",), built=False, **how)


def waits(sha: str, **readiness: bool) -> Deploy:
    return ask(HOST, sha, when_ready=WhenReady(**readiness))


def test_the_newest_commit_that_touches_its_paths_is_what_is_ready(world: World, clients: Clients) -> None:
    own = ours(world)
    others(world, checks="FAILURE")

    look(world, clients)

    message = f"1 commit behind. 1 newer commit touches none of its paths. {own[:7]} is ready to deploy."
    assert answer() == (State.READY, message)


def test_the_newest_commit_that_touches_its_paths_is_what_is_not_built(
    world: World, clients: Clients
) -> None:
    own = ours(world, built=False)
    for _ in range(12):
        others(world)

    look(world, clients)

    state, message = answer()
    assert state is State.BUILDING
    assert message.endswith(f"The image of {own[:7]} is not built yet.")


def test_ci_that_failed_on_it_is_shown_and_not_that_of_the_newest(world: World, clients: Clients) -> None:
    own = ours(world, built=False, checks="FAILURE")
    others(world)

    look(world, clients)

    state, message = answer()
    assert state is State.RED
    assert f"CI failed on {own[:7]}." in message


def test_an_older_build_is_ready_while_the_newest_that_touches_its_paths_has_none(
    world: World, clients: Clients
) -> None:
    built, own = ours(world), ours(world, built=False)
    others(world)

    look(world, clients)

    state, message = answer()
    assert state is State.READY
    newest = f"the newest that touches its paths, {own[:7]}, has no image."
    assert message.endswith(f"{built[:7]} is ready; {newest}")


def test_deploy_when_ready_waits_for_it(world: World, clients: Clients) -> None:
    own = ours(world, built=False)
    others(world)
    look(world, clients)
    deploy = waits(own)
    assert (deploy.status, deploy.headline) == (Status.WAITING, "Change the API")

    world.build(HOST, own)
    observe(clients, [HOST])

    deploy.refresh_from_db()
    assert deploy.status == Status.QUEUED


def test_a_wait_for_the_newest_follows_to_the_next_that_touches_its_paths(
    world: World, clients: Clients
) -> None:
    first = ours(world, built=False)
    look(world, clients)
    deploy = waits(first, follow_head=True)
    own = ours(world, built=False)
    others(world)

    look(world, clients)

    deploy.refresh_from_db()
    assert (deploy.status, deploy.sha, deploy.headline) == (Status.WAITING, own, "Change the API")


@pytest.mark.parametrize(
    ("checks", "status"),
    [("PENDING", Status.WAITING), ("SUCCESS", Status.QUEUED), ("FAILURE", Status.FAILED)],
)
def test_a_wait_for_ci_goes_by_that_of_the_commit(
    world: World, clients: Clients, checks: str, status: Status
) -> None:
    own = ours(world, built=False, checks="PENDING")
    others(world)
    look(world, clients)
    deploy = waits(own, wait_for_ci=True)
    world.build(HOST, own)
    world.repository(HOST).set_checks(own, checks)

    observe(clients, [HOST])

    deploy.refresh_from_db()
    assert deploy.status == status


def test_it_is_refused_without_an_image_where_nobody_wants_to_wait(world: World, clients: Clients) -> None:
    own = ours(world, built=False)
    others(world)
    look(world, clients)

    with pytest.raises(UnableToDeploy, match="is not in the registry yet"):
        ask(HOST, own)


def test_a_newest_commit_that_has_an_image_is_deployed_whatever_it_touches(
    world: World, clients: Clients
) -> None:
    ours(world)
    head = world.commit(HOST, files=("services/web/de.json",))

    look(world, clients)

    assert answer()[1].endswith(f"{head[:7]} is ready to deploy.")
