"""Sites by label: the images share a tag that moves, and say their commit in a label."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from demo.world import NAMESPACE, World
from deployments.clients.clients import Clients
from deployments.models import Build, Deploy, Hold, Observation, Site, Status
from deployments.operations.deploys.deploy_request import WhenReady
from deployments.operations.deploys.images import check_rollback_images
from deployments.operations.deploys.request import UnableToDeploy
from deployments.operations.deploys.waiting import check_pending_image
from deployments.operations.sync.commits import fetch_commits
from deployments.queries import site_list, site_page
from deployments.queries.rollbacks import rollback_targets
from simulators.registry import (
    DOCKER_LIST,
    DOCKER_MANIFEST,
    OCI_INDEX,
    OCI_MANIFEST,
    Says,
    labels_of,
)
from tests.factories import NOW, ask, begin, observe, succeed

HOST = "cacophony.natwelch.com"
OURS = "https://github.com/icco/cacophony"
NAME = "cacophony"

pytestmark = [pytest.mark.by_label, pytest.mark.usefixtures("sites")]


def seen() -> Observation:
    return Observation.objects.get(site__host=HOST)


def shown() -> str:
    (row,) = [each for each in site_list(now=NOW).rows if each.site.host == HOST]
    return row.answer.message


def look(clients: Clients) -> None:
    """Sync, fetch the commits that are missing, and sync again, as the worker does when they have come."""
    observe(clients)
    fetch_commits(github=clients.github, now=NOW)
    observe(clients)


def pinned(world: World, digest: str) -> str:
    return f"{world.image(HOST)}@{digest}"


def push(world: World, revision: str, source: str = OURS) -> str:
    return world.build(HOST, revision, says=Says(labels_of(revision, source)))


@pytest.mark.real_registry
def test_what_runs_is_identified_by_the_label_of_the_pods_image(world: World, clients: Clients) -> None:
    running = world.repository(HOST).head
    head = world.commit(HOST, "Serve pictures as WebP")

    observe(clients)

    row = seen()
    assert (row.running_sha, row.desired_sha, row.head_sha) == (running, running, head)
    assert (row.behind_by, row.head_image_built, row.registry_problem, row.build_problem) == (1, True, "", "")


def test_a_commit_without_an_image_is_not_built(world: World, clients: Clients) -> None:
    world.commit(HOST, built=False)

    observe(clients)

    assert seen().head_image_built is False


@pytest.mark.real_registry
@pytest.mark.parametrize("media_type", [OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, DOCKER_LIST])
def test_it_goes_from_push_to_deployed_by_the_digest(world: World, clients: Clients, media_type: str) -> None:
    head = world.commit(HOST, built=False)
    digest = world.build(HOST, head, media_type=media_type)
    observe(clients)

    deploy = succeed(ask(HOST), clients, world)
    observe(clients)

    assert deploy.status == Status.SUCCEEDED, deploy.message
    assert world.running_image(HOST) == pinned(world, digest)
    assert (seen().running_sha, seen().behind_by) == (head, 0)


@pytest.mark.whole_table
def test_when_nothing_changed_it_costs_two_requests_and_a_head_for_each_site(
    world: World, clients: Clients
) -> None:
    world.commit(HOST)
    observe(clients)
    fetch_commits(github=clients.github, now=NOW)
    for log in (world.github.requests, world.registry.requests, world.cluster.requests):
        log.clear()
    connections = world.registry.connections

    with CaptureQueriesContext(connection) as statements:
        report = observe(clients)

    manifests = world.registry.requests.matching(path_contains="/v2/")
    assert (report.run.sites, report.run.changed, report.run.with_problems) == (34, 0, 0)
    assert len(world.github.requests) == 2
    assert len(world.cluster.requests) == 1
    assert [each.method for each in manifests] == ["HEAD"] * 34
    assert world.registry.connections == connections
    assert len(statements) <= 9, [each["sql"] for each in statements]


@pytest.mark.parametrize("media_type", ["", OCI_INDEX])
def test_a_digest_is_asked_once(world: World, clients: Clients, media_type: str) -> None:
    head = world.commit(HOST, built=False)
    world.build(HOST, head, **({"media_type": media_type} if media_type else {}))
    observe(clients, [HOST])
    world.registry.requests.clear()

    observe(clients, [HOST])

    assert not world.registry.requests.matching(method="GET", path_contains="/v2/")


def test_a_pod_that_reports_the_platforms_digest_runs_the_build(world: World, clients: Clients) -> None:
    head = world.commit(HOST, built=False)
    index = world.build(HOST, head, media_type=OCI_INDEX)
    (child,) = world.registry.platforms(world.path(HOST), index)
    observe(clients)

    world.registry.requests.clear()

    world.cluster.set_image(NAMESPACE, NAME, container=NAME, image=pinned(world, child))
    world.cluster.settle_now()
    observe(clients)

    assert seen().running_sha == head
    assert not world.registry.requests.matching(method="GET", path_contains="/v2/")


@pytest.mark.parametrize("is_seen_first", [True, False])
def test_an_index_says_what_the_image_is_whose_digest_pods_report(
    world: World, clients: Clients, is_seen_first: bool
) -> None:
    """Of a base image's labels and annotations of the index alone, whichever of the two Headway met first."""
    head = world.commit(HOST, built=False)
    says = Says(labels_of("a" * 40, "https://github.com/library/python"), index=labels_of(head, OURS))
    if is_seen_first:
        child = world.build(HOST, head, says=replace(says, index={}))
    else:
        (child,) = world.registry.platforms(
            world.path(HOST), world.build(HOST, head, says=says, media_type=OCI_INDEX)
        )
    world.cluster.set_image(NAMESPACE, NAME, container=NAME, image=pinned(world, child))
    world.cluster.settle_now()
    observe(clients)
    if is_seen_first:
        world.build(HOST, head, says=says, media_type=OCI_INDEX)
        observe(clients)

    observe(clients)

    assert (seen().running_sha, seen().build_problem) == (head, "")


def test_a_commit_is_deployed_as_its_index_though_one_image_of_it_was_known_before(
    world: World, clients: Clients
) -> None:
    """That one image is of one platform, and nodes may be of several."""
    built = world.commit(HOST)
    observe(clients)
    index = world.build(HOST, built, media_type=OCI_INDEX)
    (child,) = world.registry.platforms(world.path(HOST), index)
    observe(clients)
    Build.objects.filter(digest=child).update(last_seen_at=NOW + timedelta(days=1))

    deploy = ask(HOST, built)

    assert set(Build.objects.filter(sha=built).values_list("digest", flat=True)) == {index, child}
    assert deploy.image == pinned(world, index)


def test_the_branch_need_not_be_written_for_its_tag_to_be_found(world: World, clients: Clients) -> None:
    Site.objects.filter(host=HOST).update(branch="")
    head = world.commit(HOST)

    observe(clients)

    assert (seen().head_sha, seen().head_image_built) == (head, True)


def test_a_branch_with_a_slash_has_a_tag_without(world: World, clients: Clients) -> None:
    world.repository(HOST).create_branch("feature/dark", world.repository(HOST).head)
    head = world.repository(HOST).commit("Dim it", branch="feature/dark")
    world.registry.push(world.path(HOST), "feature-dark", says=Says(labels_of(head, OURS)))
    Site.objects.filter(host=HOST).update(branch="feature/dark")

    observe(clients)

    assert (seen().head_sha, seen().head_image_built) == (head, True)


def test_the_newest_build_is_on_offer_where_the_newest_commit_has_none(
    world: World, clients: Clients
) -> None:
    observe(clients)
    built, head = world.commit(HOST, "Show the weather"), world.commit(HOST, built=False)

    look(clients)

    assert shown() == f"2 commits behind. {built[:7]} is ready; the newest, {head[:7]}, has no image."
    assert (seen().built_headline, seen().built_check_state) == ("Show the weather", "success")
    digest = Build.objects.get(sha=built).digest
    assert succeed(ask(HOST, built), clients, world).image == pinned(world, digest)


def test_a_short_revision_of_an_older_commit_is_on_offer_in_full(world: World, clients: Clients) -> None:
    observe(clients)
    built = world.commit(HOST, built=False)
    push(world, built[:8])
    world.commit(HOST, built=False)

    look(clients)

    assert seen().ready_below == built


def test_auto_deploy_takes_an_earlier_build_where_the_newest_one_is_red(
    world: World, clients: Clients
) -> None:
    Site.objects.filter(host=HOST).update(auto_deploy=True)
    Hold.objects.create(site=Site.objects.get(host=HOST), placed_at=NOW, placed_by_name="nat")
    green = world.commit(HOST)
    look(clients)
    world.commit(HOST, checks="FAILURE")
    world.commit(HOST, built=False)
    Hold.objects.all().delete()

    look(clients)

    assert Deploy.objects.get().sha == green


def test_a_build_that_comes_later_than_the_next_commit_is_on_offer_at_once(
    world: World, clients: Clients
) -> None:
    observe(clients)
    slow = world.commit(HOST, built=False)
    world.commit(HOST, built=False)
    look(clients)

    push(world, slow[:8])
    observe(clients)

    assert (seen().ready_below, seen().built_check_state) == (slow, "success")


def test_the_build_of_a_merged_side_branch_is_not_on_offer(world: World, clients: Clients) -> None:
    observe(clients)
    repository = world.repository(HOST)
    repository.create_branch("side", repository.graph.get(repository.head).parents[0])
    aside = repository.commit("Aside", branch="side")
    repository.merge("side", "Merge it")
    push(world, aside)

    look(clients)

    assert (seen().ready_below, seen().head_image_built) == ("", False)


@pytest.mark.real_registry
def test_a_build_that_is_deleted_is_on_offer_no_more(world: World, clients: Clients) -> None:
    observe(clients)
    built = world.commit(HOST, built=False)
    digest = push(world, built)
    world.commit(HOST, built=False)
    look(clients)
    world.registry.remove(world.path(HOST), world.tag(HOST, built))

    refused = begin(ask(HOST, built), clients)
    observe(clients)

    assert "The registry no longer has all of" in refused.message
    assert not Build.objects.filter(digest=digest).exists()
    assert seen().ready_below == ""


def test_of_the_other_commits_those_that_were_built_may_be_chosen(world: World, clients: Clients) -> None:
    observe(clients)
    world.commit(HOST, built=False)
    built = world.commit(HOST)
    look(clients)
    world.commit(HOST, built=False)
    world.commit(HOST)

    look(clients)

    page = site_page(name=HOST, now=NOW)
    assert page.commits_total == 4
    assert [(each.commit.sha, each.place) for each in page.choices] == [
        (built, "2 commits ahead, 2 behind the newest")
    ]


@pytest.mark.real_registry
def test_two_tags_on_one_digest_are_one_build(world: World, clients: Clients) -> None:
    head = world.commit(HOST)
    digest = world.registry.push(world.path(HOST), "latest", says=Says(labels_of(head, OURS)))
    Site.objects.filter(host=HOST).update(moving_tag="latest")

    observe(clients)
    begin(ask(HOST), clients)

    assert Build.objects.filter(sha=head).count() == 1
    assert world.running_image(HOST).endswith(f":latest@{digest}")


@pytest.mark.real_registry
def test_a_tag_that_moved_under_running_nodes_is_reported(world: World, clients: Clients) -> None:
    world.cluster.scale(NAMESPACE, NAME, 1)
    world.cluster.settle_now()
    head = world.commit(HOST)
    # Some come to a node that does not have the tag yet: where a pod goes, chance decides.
    world.cluster.scale(NAMESPACE, NAME, 30)
    world.cluster.settle_now()

    observe(clients)

    assert (seen().running_sha, seen().desired_sha) == ("", head)
    assert "its tag was pushed again, and its pods run different builds of it. Deploy the newest" in shown()


@pytest.mark.real_registry
@pytest.mark.parametrize("at", ["manifest", "index"])
def test_an_annotation_counts_beside_the_labels_of_a_base_image(
    world: World, clients: Clients, at: str
) -> None:
    head = world.commit(HOST, built=False)
    inherited = labels_of("a" * 40, "https://github.com/library/python")
    world.build(HOST, head, says=Says(inherited, **{at: labels_of(head, OURS)}), media_type=OCI_INDEX)

    observe(clients)

    assert (seen().head_image_built, seen().registry_problem) == (True, "")


SAID = {
    "inherited": (
        "a" * 40,
        "https://github.com/library/python",
        "labelled as built from library/python, and this site is icco/cacophony",
    ),
    "another app's": (
        "{sha}",
        "https://github.com/icco/other",
        "labelled as built from icco/other, and this site is icco/cacophony",
    ),
    "dirty": ("{sha}-dirty", OURS, "it was built with changes that no commit has"),
    "no commit": ("v1.4.2", OURS, "labelled “v1.4.2”, which is not a commit"),
    "none": ("", "", "has no label org.opencontainers.image.revision"),
    "unknown": ("b" * 40, "", "labelled bbbbbbb, which GitHub does not know in icco/cacophony"),
    "short and unknown": (
        "bbbbbbbb",
        OURS,
        "labelled bbbbbbbb, which is not a single commit of icco/cacophony",
    ),
}


@pytest.mark.real_registry
@pytest.mark.parametrize(("revision", "source", "message"), SAID.values(), ids=SAID)
def test_a_newest_build_whose_label_does_not_count_says_why(
    world: World, clients: Clients, revision: str, source: str, message: str
) -> None:
    head = world.commit(HOST, built=False)
    push(world, revision.format(sha=head), source)

    observe(clients)

    assert seen().head_image_built is None
    assert message in shown()
    assert seen().running_sha


@pytest.mark.parametrize(("revision", "source", "message"), SAID.values(), ids=SAID)
def test_what_runs_under_a_label_that_does_not_count_is_not_known_and_says_why(
    world: World, clients: Clients, revision: str, source: str, message: str
) -> None:
    digest = push(world, revision.format(sha=world.repository(HOST).head), source)
    world.cluster.set_image(NAMESPACE, NAME, container=NAME, image=pinned(world, digest))
    world.cluster.settle_now()

    observe(clients)

    assert (seen().running_sha, seen().desired_sha) == ("", "")
    assert shown().startswith("Which commit runs is not known: its image ")
    assert message in shown()


@pytest.mark.parametrize(
    "source",
    [
        "https://github.com/icco/cacophony.git",
        "git@github.com:icco/cacophony.git",
        "https://github.com/Icco/Cacophony/tree/main",
        "",
    ],
)
def test_a_repository_is_the_same_however_its_address_is_spelt(
    world: World, clients: Clients, source: str
) -> None:
    head = world.commit(HOST, built=False)
    push(world, head, source)

    observe(clients)

    assert seen().head_image_built is True


@pytest.mark.real_registry
def test_a_short_revision_is_known_in_full(world: World, clients: Clients) -> None:
    head = world.commit(HOST, built=False)
    push(world, head[:8])

    observe(clients)
    succeed(ask(HOST), clients, world)
    observe(clients)

    assert (seen().running_sha, seen().behind_by) == (head, 0)


@pytest.mark.real_registry
def test_a_build_of_a_commit_that_a_force_push_removed_is_not_deployed(
    world: World, clients: Clients
) -> None:
    before = world.repository(HOST).head
    removed = world.commit(HOST, "Add a secret by mistake")
    world.repository(HOST).force_push(before)
    world.commit(HOST, "Do it properly", built=False)

    observe(clients)

    assert seen().head_image_built is None
    assert f"was built from {removed[:7]}, which is not on main: a force-push removed it" in shown()


@pytest.mark.real_registry
def test_a_build_of_a_pull_requests_merge_commit_is_not_deployed(world: World, clients: Clients) -> None:
    repository = world.repository(HOST)
    head = world.commit(HOST, built=False)
    repository.create_branch("pull", head)
    merge = repository.commit(f"Merge {'c' * 40} into {head}", branch="pull")
    push(world, merge)

    observe(clients)

    assert f"{merge[:7]}, the merge commit that GitHub makes to test a pull request" in shown()
    assert "Let the workflow push this tag only for pushes to main" in shown()


@pytest.mark.real_registry
def test_a_digest_that_is_deleted_before_the_patch_changes_nothing(world: World, clients: Clients) -> None:
    before = world.running_image(HOST)
    head = world.commit(HOST, built=False)
    digest = push(world, head)
    observe(clients)
    deploy = ask(HOST)

    world.registry.remove_manifest(world.path(HOST), digest)
    begin(deploy, clients)

    assert deploy.status == Status.FAILED
    assert "The registry no longer has all of" in deploy.message
    assert world.running_image(HOST) == before


@pytest.mark.real_registry
def test_an_index_whose_images_are_gone_is_not_built_and_says_so(world: World, clients: Clients) -> None:
    index = world.build(HOST, world.commit(HOST, built=False), media_type=OCI_INDEX)
    (child,) = world.registry.platforms(world.path(HOST), index)
    world.registry.remove_manifest(world.path(HOST), child)

    observe(clients)

    assert seen().head_image_built is False
    assert f"no longer has all of {world.image(HOST)}: it was cleaned up" in seen().registry_problem
    assert seen().registry_problem in site_page(name=HOST, now=NOW).row.problems


@pytest.mark.real_registry
def test_an_index_whose_image_is_deleted_before_the_patch_changes_nothing(
    world: World, clients: Clients
) -> None:
    before = world.running_image(HOST)
    index = world.build(HOST, world.commit(HOST, built=False), media_type=OCI_INDEX)
    observe(clients)
    deploy = ask(HOST)

    (child,) = world.registry.platforms(world.path(HOST), index)
    world.registry.remove_manifest(world.path(HOST), child)
    begin(deploy, clients)

    assert "The registry no longer has all of" in deploy.message
    assert world.running_image(HOST) == before


def test_what_ran_before_the_first_deploy_can_be_gone_back_to_by_its_digest(
    world: World, clients: Clients
) -> None:
    before = world.repository(HOST).head
    observe(clients)
    digest = Build.objects.get(sha=before).digest
    world.commit(HOST)
    observe(clients)

    succeed(ask(HOST), clients, world)
    observe(clients)

    (target,) = rollback_targets(Site.objects.select_related("observation").get(host=HOST))
    assert (target.sha, target.image) == (before, pinned(world, digest))


def test_a_deploy_that_waits_for_its_build_begins_once_the_tag_leads_to_it(
    world: World, clients: Clients
) -> None:
    head = world.commit(HOST, built=False)
    observe(clients)
    deploy = ask(HOST, when_ready=WhenReady())
    check_pending_image(deploy_id=deploy.pk, clients=clients, now=NOW)
    assert Deploy.objects.get(pk=deploy.pk).status == Status.WAITING

    digest = push(world, head)
    observe(clients)
    deploy = begin(Deploy.objects.get(pk=deploy.pk), clients)

    assert deploy.status == Status.ROLLING_OUT, deploy.message
    assert deploy.image == pinned(world, digest)


def test_a_commit_that_no_build_is_of_is_refused(world: World, clients: Clients) -> None:
    world.commit(HOST, built=False)
    observe(clients)

    with pytest.raises(UnableToDeploy, match="Wait for its build"):
        ask(HOST)


def test_a_registry_that_is_silent_keeps_what_is_known(world: World, clients: Clients) -> None:
    world.commit(HOST)
    observe(clients)
    before = seen()
    world.registry.fail_next(503, times=999)

    observe(clients)

    assert (seen().running_sha, seen().head_image_built) == (before.running_sha, True)


@pytest.mark.real_registry
def test_a_way_back_whose_index_lost_its_image_is_not_offered(world: World, clients: Clients) -> None:
    before = world.repository(HOST).head
    index = world.build(HOST, before, media_type=OCI_INDEX)
    world.cluster.set_image(NAMESPACE, NAME, container=NAME, image=pinned(world, index))
    world.cluster.settle_now()
    observe(clients)
    world.commit(HOST)
    observe(clients)
    succeed(ask(HOST), clients, world)
    observe(clients)
    site = Site.objects.select_related("observation").get(host=HOST)
    assert [each.sha for each in rollback_targets(site)] == [before]

    (child,) = world.registry.platforms(world.path(HOST), index)
    world.registry.remove_manifest(world.path(HOST), child)
    check_rollback_images(site_id=site.pk, registry=clients.registry, now=NOW)

    assert not [each for each in rollback_targets(site) if not each.image_gone]
