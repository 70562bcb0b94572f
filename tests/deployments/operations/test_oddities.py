"""What is odd about a repository or a Deployment is in the site's row, and has its sentence."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.world import NAMESPACE, World
from deployments.clients.clients import Clients
from deployments.clients.github import GitHub
from deployments.models import Observation, Site, Status
from deployments.operations.sites.rename import follow_renames
from deployments.queries import site_page
from deployments.rules.autodeploy import Wait
from deployments.rules.site_state import State
from tests.factories import NOW, ask, make_user, observe, remap, succeed

HOST = "cacophony.natwelch.com"

pytestmark = pytest.mark.usefixtures("sites")


def page():
    return site_page(name=HOST, now=NOW).row


def mapped(**given: object) -> Site:
    remap(HOST, **given)
    return Site.objects.select_related("observation").get(host=HOST)


def test_a_rename_is_recorded_and_reported(world: World, clients: Clients) -> None:
    world.repository(HOST).rename("noise")

    observe(clients)

    assert page().seen.name_with_owner == "icco/noise"
    assert page().notes[0].startswith("GitHub calls icco/cacophony icco/noise now. Follow the rename")
    assert page().answer.state == State.CURRENT


def test_following_a_rename_changes_the_mapping_and_says_where_images_are_expected(
    world: World, clients: Clients
) -> None:
    world.repository(HOST).rename("noise")
    observe(clients)

    followed = follow_renames(Site.objects.select_related("observation"), by=make_user(), now=NOW)

    assert [each.name for each in followed] == [HOST]
    assert followed[0].image_repository.endswith("/noise")
    assert followed[0].image_repository_before.endswith("/cacophony")
    site = Site.objects.get(host=HOST)
    assert (site.owner, site.repository) == ("icco", "noise")


@pytest.mark.parametrize("name", ["a" * 243, "b" * 64, f"{'c' * 120}.{'d' * 110}"])
def test_a_deployment_with_a_long_name_is_deployed_like_any_other(
    world: World, clients: Clients, name: str
) -> None:
    world.cluster.create_deployment(
        NAMESPACE, name, containers={"cacophony": world.image(HOST)}, settled=True
    )
    mapped(deployment=name)
    head = world.commit(HOST)
    observe(clients, names=[HOST])

    deploy = succeed(ask(HOST), clients, world)

    observe(clients, names=[HOST])
    assert deploy.status == Status.SUCCEEDED
    assert page().seen.running_sha == head


def test_another_case_is_no_rename(world: World, clients: Clients) -> None:
    mapped(owner="ICCO")

    observe(clients)

    assert page().notes == ()


def test_an_archived_repository_is_reported(world: World, clients: Clients) -> None:
    world.repository(HOST).archive()

    observe(clients)

    assert page().notes == (
        "icco/cacophony is archived on GitHub: no newer commit comes until it is unarchived.",
    )


def test_a_commit_that_github_does_not_know_is_reported(world: World, clients: Clients) -> None:
    sha = "ab" * 20
    world.registry.push("icco-cloud/cacophony", sha)
    world.cluster.set_image(NAMESPACE, "cacophony", container="cacophony", image=world.image(HOST, sha))
    world.cluster.settle_now()

    observe(clients)

    assert "It runs abababa, a commit that GitHub does not know in this repository." in page().answer.message


def test_after_a_force_push_what_runs_has_diverged(world: World, clients: Clients) -> None:
    repository = world.repository(HOST)
    repository.force_push(repository.graph.commits[-3].sha)
    world.commit(HOST)

    observe(clients)

    assert (page().seen.ahead_by, page().seen.behind_by) == (2, 1)
    assert "Diverged: 2 commits ahead of the branch" in page().answer.message


def test_an_empty_repository_is_reported(world: World, clients: Clients) -> None:
    world.repository(HOST).branches.clear()

    observe(clients)

    assert "is empty. Push a first commit" in page().seen.github_problem


def test_a_missing_branch_is_reported(world: World, clients: Clients) -> None:
    mapped(branch="gone")

    observe(clients)

    assert "has no branch “gone”" in page().seen.github_problem


def test_an_unreadable_template_is_that_sites_trouble_only(world: World, clients: Clients) -> None:
    mapped(image_template="nonsense")

    observe(clients)

    assert page().answer.message == "This site's image template names no image. Correct it."
    others = Observation.objects.exclude(site__host=HOST)
    assert all(each.head_sha == each.running_sha != "" for each in others)


def test_checks_that_the_token_may_not_read_are_reported_with_what_helps(
    world: World, clients: Clients
) -> None:
    world.commit(HOST)
    Site.objects.update(auto_deploy=True)
    world.github.tokens.permissions[world.github.token] = {"contents": "read", "metadata": "read"}

    observe(clients)

    assert page().answer.message.endswith("Grant the token to read commit statuses.")
    verdict = site_page(name=HOST, now=NOW).verdict
    assert isinstance(verdict, Wait)
    assert verdict.reason.endswith("Grant the token to read commit statuses.")


@pytest.fixture
def tokenless(world: World, clients: Clients, tmp_path: Path) -> Iterator[Clients]:
    with GitHub(api_url=world.github.url, web_url=world.github.url, timeout_seconds=20) as github:
        yield Clients(github, clients.registry, clients.connected)


def test_without_a_token_a_site_is_behind_and_by_how_many_is_not_known(
    world: World, tokenless: Clients
) -> None:
    head = world.commit(HOST)

    observe(tokenless)

    seen = page().seen
    assert (seen.head_sha, seen.behind_by, seen.ahead_by, seen.check_state) == (head, None, None, "unknown")
    assert page().answer.state == State.READY
    assert "how many commits behind is not known" in page().answer.message


def test_without_a_token_nothing_is_deployed_automatically(world: World, tokenless: Clients) -> None:
    world.commit(HOST)
    Site.objects.update(auto_deploy=True)

    report = observe(tokenless)

    assert report.run.requested == 0


def test_without_a_token_the_head_that_runs_is_current(world: World, tokenless: Clients) -> None:
    observe(tokenless)

    assert page().answer.state == State.CURRENT


def test_what_was_known_of_a_head_with_a_token_stays(
    world: World, clients: Clients, tokenless: Clients
) -> None:
    world.commit(HOST, "Serve pictures as WebP")
    observe(clients)

    observe(tokenless)

    assert page().seen.head_headline == "Serve pictures as WebP"
