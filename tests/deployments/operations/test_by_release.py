"""Sites by release: the newest version is deployed, and git's tags say which commits versions are."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from demo.world import NAMESPACE, World
from deployments.clients.clients import Clients
from deployments.models import CommitRange, Deploy, Hold, Observation, PublishedVersion, Site, Status
from deployments.operations.deploys.deploy_request import WhenReady
from deployments.operations.deploys.waiting import check_pending_image
from deployments.operations.sync.commits import fetch_commits
from deployments.operations.sync.head_check import check_heads
from deployments.operations.sync.run import sync
from deployments.queries import site_list
from deployments.queries.rollbacks import rollback_targets
from tests.factories import NOW, ask, begin, observe, succeed
from tests.roles import WORKER, acting_as

HOST = "cacophony.natwelch.com"
NAME = "cacophony"
EVERY = timedelta(minutes=2)

pytestmark = [pytest.mark.by_release, pytest.mark.usefixtures("sites")]


def seen() -> Observation:
    return Observation.objects.get(site__host=HOST)


def shown() -> str:
    (row,) = [each for each in site_list(now=NOW).rows if each.site.host == HOST]
    return row.answer.message


def follow_tags(pattern: str, **values: object) -> None:
    Site.objects.filter(host=HOST).update(tag_pattern=pattern, **values)


def run(world: World, image: str) -> None:
    world.cluster.set_image(NAMESPACE, NAME, container=NAME, image=image)
    world.cluster.settle_now()


def publish(world: World, *versions: str, **how: bool) -> str:
    """Release a new commit by each of these names; return the last one's."""
    commits = [world.release(HOST, version, world.commit(HOST), **how) for version in versions]
    return commits[-1]


def look(clients: Clients, *, at: datetime = NOW) -> None:
    """Sync, fetch the commits that are missing, and sync again, as the worker does when they have come."""
    with acting_as(WORKER):
        sync(clients=clients, clock=lambda: at)
        fetch_commits(github=clients.github, now=at)
        sync(clients=clients, clock=lambda: at)


def test_what_runs_and_what_is_newest_are_shown_by_their_versions(world: World, clients: Clients) -> None:
    running = world.repository(HOST).head
    world.commit(HOST, "Serve pictures as WebP")
    head = world.commit(HOST, "Publish it")
    world.release(HOST, "v1.6.0")
    world.commit(HOST, "Begin the next one")

    observe(clients)

    row = seen()
    assert (row.running_version, row.head_version) == ("v1.5.0", "v1.6.0")
    assert (row.running_sha, row.desired_sha, row.head_sha) == (running, running, head)
    assert (row.behind_by, row.head_image_built, row.registry_problem, row.build_problem) == (2, True, "", "")
    assert row.workloads[0]["asked"] == row.workloads[0]["running"] == running


def test_commits_after_the_newest_release_are_not_behind(world: World, clients: Clients) -> None:
    head = world.repository(HOST).head
    world.commit(HOST, "Not released yet")

    observe(clients)

    assert (seen().head_sha, seen().behind_by) == (head, 0)
    assert "Runs the newest version, v1.5.0" in shown()


def test_it_goes_from_release_to_deployed_and_back(world: World, clients: Clients) -> None:
    before = world.repository(HOST).head
    head = world.commit(HOST)
    world.release(HOST, "v1.6.0")
    observe(clients)

    deploy = succeed(ask(HOST), clients, world)
    observe(clients)

    assert deploy.status == Status.SUCCEEDED, deploy.message
    assert world.running_image(HOST).endswith("/cacophony:1.6.0")
    assert (seen().running_sha, seen().running_version) == (head, "v1.6.0")
    (target,) = rollback_targets(Site.objects.select_related("observation").get(host=HOST))
    assert target.sha == before
    assert target.image.endswith(":1.5.0")


@pytest.mark.whole_table
def test_when_nothing_changed_it_costs_two_requests_and_none_to_the_registry(
    world: World, clients: Clients
) -> None:
    world.commit(HOST)
    world.release(HOST, "v1.6.0")
    observe(clients)
    fetch_commits(github=clients.github, now=NOW)
    observe(clients)
    for log in (world.github.requests, world.registry.requests, world.cluster.requests):
        log.clear()

    with CaptureQueriesContext(connection) as statements:
        report = observe(clients)

    assert (report.run.sites, report.run.changed, report.run.with_problems) == (34, 0, 0)
    assert (len(world.github.requests), len(world.registry.requests)) == (2, 0)
    assert len(world.cluster.requests) == 1
    assert len(statements) <= 9, [each["sql"] for each in statements]


def test_a_version_is_queried_once(world: World, clients: Clients) -> None:
    observe(clients)
    first = len(world.github.requests)
    world.github.requests.clear()

    observe(clients)

    assert first == 2, "what is newest, and then how far what runs is from it"
    assert len(world.github.requests) == 1


@pytest.mark.parametrize("name", ["v1.6.0", "v1.6.0+build.7", "1.6.0"])
def test_a_version_runs_whose_tag_on_github_is_spelt_in_another_way(
    world: World, clients: Clients, name: str
) -> None:
    head = world.commit(HOST)
    world.release(HOST, name)
    observe(clients)

    succeed(ask(HOST), clients, world)
    PublishedVersion.objects.all().delete()
    observe(clients)

    assert "+" not in world.running_image(HOST)
    assert (seen().running_sha, seen().running_version, seen().behind_by) == (head, name, 0)


@pytest.mark.parametrize("pattern", ["", "v*"])
def test_an_annotated_tag_leads_to_its_commit(world: World, clients: Clients, pattern: str) -> None:
    head = world.commit(HOST)
    world.release(HOST, "v1.6.0", annotated=True)
    follow_tags(pattern)

    observe(clients)
    observe(clients)

    assert (seen().head_sha, seen().head_version, seen().check_state) == (head, "v1.6.0", "success")


@pytest.mark.parametrize("pattern", ["", "v*"])
def test_a_prerelease_is_newest_only_where_it_is_allowed(
    world: World, clients: Clients, pattern: str
) -> None:
    world.commit(HOST)
    world.release(HOST, "v2.0.0-rc.1", prerelease=True)
    follow_tags(pattern)
    observe(clients)
    without = seen().head_version

    follow_tags(pattern, prereleases=True)
    observe(clients)

    assert (without, seen().head_version) == ("v1.5.0", "v2.0.0-rc.1")


def test_a_release_is_final_where_github_says_so_whatever_its_name(world: World, clients: Clients) -> None:
    publish(world, "v1.6.0-hotfix.1")

    observe(clients)

    assert (seen().head_version, seen().github_problem) == ("v1.6.0-hotfix.1", "")


def test_a_draft_is_no_release(world: World, clients: Clients) -> None:
    world.commit(HOST)
    world.repository(HOST).tag("v1.6.0")
    world.repository(HOST).release("v1.6.0", draft=True)
    follow_tags("", prereleases=True)

    observe(clients)

    assert seen().head_version == "v1.5.0"


def test_a_fix_of_an_old_line_is_not_newer_than_the_newest_line(world: World, clients: Clients) -> None:
    world.commit(HOST)
    world.release(HOST, "v2.0.0")
    world.commit(HOST)
    world.release(HOST, "v1.5.1")
    follow_tags("v*")

    observe(clients)

    assert seen().head_version == "v2.0.0"


def test_tags_of_another_app_of_the_repository_do_not_count(world: World, clients: Clients) -> None:
    repository = world.repository(HOST)
    repository.tag("cacophony/v1.6.0", head := world.commit(HOST))
    repository.tag("other/v9.0.0", world.commit(HOST))
    world.registry.push(world.path(HOST), "1.6.0")
    run(world, f"{world.registry.host}/{world.path(HOST)}:1.6.0")
    follow_tags("cacophony/v*")

    observe(clients)

    assert (seen().head_version, seen().running_version) == ("cacophony/v1.6.0", "cacophony/v1.6.0")
    assert (seen().running_sha, seen().behind_by) == (head, 0)


def test_a_release_without_an_image_is_not_built_and_may_be_waited_for(
    world: World, clients: Clients
) -> None:
    head = world.commit(HOST)
    world.release(HOST, "v1.6.0", built=False)
    observe(clients)
    assert seen().head_image_built is False
    assert "The image of v1.6.0" in shown()
    deploy = ask(HOST, when_ready=WhenReady())

    world.build(HOST, head)
    check_pending_image(deploy_id=deploy.pk, clients=clients, now=NOW)
    begin(deploy, clients)

    assert deploy.status == Status.ROLLING_OUT, deploy.message
    assert deploy.image.endswith(":1.6.0")


def test_a_release_that_is_deleted_is_no_longer_the_newest(world: World, clients: Clients) -> None:
    world.commit(HOST)
    world.release(HOST, "v1.6.0")
    observe(clients)
    world.repository(HOST).delete_tag("v1.6.0")

    observe(clients)

    assert (seen().head_version, seen().github_problem) == ("v1.5.0", "")


def test_a_running_version_whose_tag_is_deleted_keeps_its_commit(world: World, clients: Clients) -> None:
    running = world.repository(HOST).head
    observe(clients)
    world.commit(HOST)
    world.release(HOST, "v1.6.0")
    world.repository(HOST).delete_tag("v1.5.0")

    observe(clients)

    assert (seen().running_sha, seen().behind_by) == (running, 1)


def test_a_version_that_is_moved_on_github_is_not_deployed(world: World, clients: Clients) -> None:
    first = world.commit(HOST)
    world.release(HOST, "v1.6.0")
    observe(clients)
    second = world.commit(HOST)
    world.repository(HOST).tag("v1.6.0", second)

    observe(clients)

    assert (seen().head_sha, seen().head_image_built) == (second, None)
    moved = f"GitHub's tag v1.6.0 was moved from {first[:7]} to {second[:7]}"
    assert moved in shown()
    assert "Publish a new version." in shown()


def test_a_version_that_is_moved_while_it_runs_still_runs_its_first_commit(
    world: World, clients: Clients
) -> None:
    running = world.repository(HOST).head
    observe(clients)
    world.repository(HOST).tag("v1.5.0", world.commit(HOST))

    observe(clients)
    observe(clients)

    assert (seen().running_sha, seen().head_image_built) == (running, None)
    assert "was moved" in shown()


def test_two_releases_on_one_commit_are_one_commit(world: World, clients: Clients) -> None:
    running = world.repository(HOST).head
    world.release(HOST, "v1.5.1")

    observe(clients)

    assert (seen().running_sha, seen().head_sha, seen().behind_by) == (running, running, 0)
    assert "v1.5.1 is the same commit as v1.5.0" in shown()


def retag(world: World, clients: Clients, *versions: str, **how: bool) -> str:
    """Release a new commit by several names in turn, of which only the first has an image, and look after each; return the commit."""
    head = world.commit(HOST)
    for number, version in enumerate(versions):
        world.release(HOST, version, head, built=number == 0, **how)
        look(clients)
    return head


@pytest.mark.parametrize("pattern", ["", "v*"])
def test_the_first_of_two_releases_on_one_commit_is_on_offer_while_the_second_has_no_image(
    world: World, clients: Clients, pattern: str
) -> None:
    follow_tags(pattern)
    head = retag(world, clients, "v1.6.0", "v1.6.1")

    assert (seen().head_version, seen().head_image_built) == ("v1.6.1", False)
    assert (seen().ready_below, seen().built_version, seen().built_check_state) == (head, "v1.6.0", "success")
    message = f"v1.6.0 ({head[:7]}) is ready; the newest, v1.6.1 ({head[:7]}), has no image."
    assert shown() == f"1 commit behind. {message}"
    assert check_heads(clients=clients, interval=EVERY, now=NOW + EVERY) == []
    assert succeed(ask(HOST, head), clients, world).status == Status.SUCCEEDED
    assert world.running_image(HOST).endswith(":1.6.0")
    observe(clients)
    assert "v1.6.1 is the same commit as v1.6.0" in shown()


def test_a_second_release_whose_image_comes_takes_the_place_of_the_first(
    world: World, clients: Clients
) -> None:
    head = retag(world, clients, "v1.6.0", "v1.6.1")
    check_heads(clients=clients, interval=EVERY, now=NOW)
    world.registry.push(world.path(HOST), "1.6.1")

    found = check_heads(clients=clients, interval=EVERY, now=NOW + EVERY)
    observe(clients)

    assert (found, seen().head_image_built, seen().ready_below) == ([HOST], True, "")
    assert shown() == f"1 commit behind. v1.6.1 ({head[:7]}) is ready to deploy."


def test_releases_that_were_published_at_once_are_tried_from_the_newest(
    world: World, clients: Clients
) -> None:
    Site.objects.filter(host=HOST).update(auto_deploy=True)
    head = world.commit(HOST)
    for version, built in (("v1.6.0", True), ("v1.6.1", True), ("v1.6.2", False)):
        world.release(HOST, version, head, built=built)

    look(clients)

    deploy = Deploy.objects.get()
    assert (deploy.sha, deploy.image.rpartition(":")[2]) == (head, "1.6.1")


def test_below_the_newest_commit_another_release_of_one_commit_may_have_the_image(
    world: World, clients: Clients
) -> None:
    built = world.commit(HOST)
    world.release(HOST, "v1.6.0", built)
    world.release(HOST, "v1.6.1", built, built=False)
    publish(world, "v1.7.0", built=False)

    look(clients)

    assert (seen().ready_below, seen().built_version) == (built, "v1.6.0")
    assert succeed(ask(HOST, built), clients, world).image.endswith(":1.6.0")


def test_any_commit_is_deployed_by_whichever_of_its_versions_has_an_image(
    world: World, clients: Clients
) -> None:
    older = retag(world, clients, "v1.6.0", "v1.6.1")
    publish(world, "v1.7.0")
    look(clients)

    deploy = begin(ask(HOST, older), clients)

    assert (deploy.status, deploy.image.rpartition(":")[2]) == (Status.ROLLING_OUT, "1.6.0"), deploy.message


def test_a_commit_none_of_whose_versions_has_an_image_is_refused(world: World, clients: Clients) -> None:
    older = retag(world, clients, "v1.6.0", "v1.6.1")
    world.registry.remove(world.path(HOST), "1.6.0")
    publish(world, "v1.7.0")
    look(clients)

    deploy = begin(ask(HOST, older), clients)

    assert "is not in the registry yet" in deploy.message
    assert world.running_image(HOST).endswith(":1.5.0")


def test_a_tag_that_is_moved_to_each_version_takes_the_place_of_none(world: World, clients: Clients) -> None:
    follow_tags("v*")
    world.registry.push(world.path(HOST), "1")
    head = publish(world, "v1.6.0", built=False)
    world.repository(HOST).tag("v1", head)

    look(clients)

    assert (seen().head_version, seen().head_image_built, seen().ready_below) == ("v1.6.0", False, "")


def test_a_site_that_was_by_tag_until_now_has_no_version_before_its_first(
    world: World, clients: Clients
) -> None:
    head = publish(world, "v1.6.0", built=False)
    Observation.objects.filter(site__host=HOST).delete()
    site = Site.objects.get(host=HOST)
    Observation.objects.create(site=site, head_sha=head, head_image_built=True)

    look(clients)

    assert (seen().head_version, seen().head_image_built, seen().ready_below) == ("v1.6.0", False, "")
    assert not PublishedVersion.objects.filter(name="").exists()


@pytest.mark.parametrize("pattern", ["", "*"])
@pytest.mark.parametrize("name", ["版本一", "---", "é"])
def test_a_version_that_no_image_can_be_tagged_with_is_a_problem_of_its_site_alone(
    world: World, clients: Clients, name: str, pattern: str
) -> None:
    follow_tags(pattern)
    world.repository(HOST).release(name, world.commit(HOST))

    look(clients)

    assert (seen().head_version, seen().head_image_built) == (name, None)
    assert f"The version {name} cannot be an image's tag" in seen().registry_problem


def test_no_release_of_the_newest_commit_is_on_offer_where_its_ci_failed(
    world: World, clients: Clients
) -> None:
    head = world.commit(HOST, checks="FAILURE")
    for version in ("v1.6.0", "v1.6.1"):
        world.release(HOST, version, head, built=version == "v1.6.0")

    look(clients)

    assert seen().ready_below == ""
    assert "CI failed on v1.6.1" in shown()


def test_an_image_whose_version_no_tag_has_says_so(world: World, clients: Clients) -> None:
    run(world, f"{world.registry.host}/{world.path(HOST)}:9.9.9")

    observe(clients)

    assert (seen().running_sha, seen().running_version) == ("", "")
    assert "its image is tagged 9.9.9, and icco/cacophony has no tag v9.9.9 or 9.9.9" in shown()


def test_a_repository_without_a_release_says_what_to_do(world: World, clients: Clients) -> None:
    world.repository(HOST).releases.clear()

    observe(clients)

    assert "icco/cacophony has no release that is not a draft or a pre-release. Publish one" in shown()


def test_a_pattern_that_no_tag_fits_says_so(world: World, clients: Clients) -> None:
    follow_tags("web/v*")

    observe(clients)

    assert "None of the newest tags of icco/cacophony fits “web/v*”." in shown()


def test_an_older_commit_is_deployed_by_its_version_and_another_one_is_refused(
    world: World, clients: Clients
) -> None:
    older = world.repository(HOST).tags["v1.4.0"]
    unreleased = world.commit(HOST)
    run(world, f"{world.registry.host}/{world.path(HOST)}:1.4.0")
    observe(clients)
    run(world, f"{world.registry.host}/{world.path(HOST)}:1.5.0")
    observe(clients)
    known = {"owner": "icco", "repository": "cacophony", "base": "a" * 40, "head": "b" * 40}
    CommitRange.objects.create(total=1, commits=[{"sha": unreleased, "headline": ""}], **known)

    refused = begin(ask(HOST, unreleased), clients)
    deployed = begin(ask(HOST, older), clients)

    assert f"No version of {unreleased[:7]} is known" in refused.message
    assert deployed.image.endswith(":1.4.0")


def test_a_hold_on_a_commit_holds_its_version(world: World, clients: Clients) -> None:
    head = world.commit(HOST)
    world.release(HOST, "v1.6.0")
    observe(clients)
    Hold.objects.create(site=Site.objects.get(host=HOST), sha=head, placed_at=NOW, placed_by_name="nat")

    assert f"Commit {head[:7]} is on hold (by nat)" in shown()


def test_the_newest_built_version_takes_the_place_of_a_newest_one_without_an_image(
    world: World, clients: Clients
) -> None:
    publish(world, "v1.6.0", "v1.6.1")
    built, head = publish(world, "v1.7.0"), publish(world, "v1.8.0", built=False)

    look(clients)

    message = f"v1.7.0 ({built[:7]}) is ready; the newest, v1.8.0 ({head[:7]}), has no image."
    assert shown() == f"4 commits behind. {message}"
    assert (seen().ready_below, seen().built_version, seen().built_check_state) == (
        built,
        "v1.7.0",
        "success",
    )
    assert succeed(ask(HOST, built), clients, world).status == Status.SUCCEEDED
    assert world.running_image(HOST).endswith(":1.7.0")


def test_auto_deploy_takes_the_newest_built_version_that_is_green(world: World, clients: Clients) -> None:
    Site.objects.filter(host=HOST).update(auto_deploy=True)
    green = publish(world, "v1.6.0")
    world.repository(HOST).set_checks(publish(world, "v1.7.0"), "FAILURE")
    publish(world, "v1.8.0", built=False)

    look(clients)

    deploy = Deploy.objects.get()
    assert (deploy.sha, deploy.image.rpartition(":")[2]) == (green, "1.6.0")


@pytest.mark.parametrize(
    ("pattern", "prereleases", "newest"),
    [("", False, "v1.6.0"), ("v*", False, "v1.6.0"), ("", True, "v1.7.0-rc.1"), ("v1.6*", True, "v1.6.0")],
)
def test_only_versions_that_fit_take_that_place(
    world: World, clients: Clients, pattern: str, prereleases: bool, newest: str
) -> None:
    follow_tags(pattern, prereleases=prereleases)
    publish(world, "v1.6.0")
    publish(world, "v1.7.0-rc.1", prerelease=True)
    world.repository(HOST).tag("nightly", world.commit(HOST))
    publish(world, "v1.6.2" if pattern == "v1.6*" else "v1.8.0", built=False)

    look(clients)

    assert seen().built_version == newest


def test_a_version_before_what_runs_takes_nobodys_place(world: World, clients: Clients) -> None:
    publish(world, "v1.8.0", built=False)

    look(clients)

    assert seen().ready_below == ""
    assert "The image of v1.8.0" in shown()


def test_an_older_version_that_was_moved_is_passed_over(world: World, clients: Clients) -> None:
    first = publish(world, "v1.6.0")
    publish(world, "v1.7.0")
    look(clients)
    world.repository(HOST).tag("v1.7.0", world.commit(HOST))
    publish(world, "v1.8.0", built=False)

    look(clients)

    assert (seen().ready_below, seen().built_version) == (first, "v1.6.0")


def test_versions_further_below_than_ten_commits_are_found(world: World, clients: Clients) -> None:
    built = publish(world, "v1.6.0")
    for _ in range(12):
        world.commit(HOST)
    publish(world, "v1.7.0", built=False)

    look(clients)

    assert seen().ready_below == built


def test_no_more_than_ten_versions_are_queried_and_each_once(world: World, clients: Clients) -> None:
    for number in range(13):
        publish(world, f"v1.{6 + number}.0", built=False)
    look(clients)
    first = {each.path.rpartition("/")[2] for each in world.registry.requests.matching(method="HEAD")}
    world.registry.requests.clear()

    look(clients, at=NOW + timedelta(hours=2))
    look(clients, at=NOW + timedelta(hours=3))

    assert {f"1.{number}.0" for number in range(8, 19)} == first
    assert {each.path.rpartition("/")[2] for each in world.registry.requests.matching(method="HEAD")} == {
        "1.18.0"
    }


def test_a_sync_costs_no_request_more_while_the_newest_version_has_no_image(
    world: World, clients: Clients
) -> None:
    look(clients)
    usual = observe(clients).run.github_requests
    publish(world, "v1.6.0")
    publish(world, "v1.7.0", built=False)
    look(clients)

    report = observe(clients)

    assert seen().built_version == "v1.6.0"
    assert (report.run.github_requests, report.run.changed) == (usual, 0)
    assert report.run.registry_requests == 1


def test_a_new_release_is_found_between_two_syncs(world: World, clients: Clients) -> None:
    observe(clients)
    check_heads(clients=clients, interval=EVERY, now=NOW)
    world.commit(HOST)
    unreleased = check_heads(clients=clients, interval=EVERY, now=NOW + EVERY)
    world.release(HOST, "v1.6.0", built=False)

    released = check_heads(clients=clients, interval=EVERY, now=NOW + 2 * EVERY)

    assert (unreleased, released) == ([], [HOST])
