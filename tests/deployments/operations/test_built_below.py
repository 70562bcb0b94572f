"""The newest commit has no image: the newest one below it that has is what is on offer."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_q.models import OrmQ

from demo.world import World
from deployments.clients.clients import Clients
from deployments.models import CommitRange, Deploy, Observation, Site, Status
from deployments.operations.sites.save import save_mapping
from deployments.operations.sync.commits import fetch_commits
from deployments.operations.sync.provenance import ask_provenance
from deployments.operations.sync.run import SyncReport, sync
from deployments.queries import site_page
from deployments.queue.entries import MODULE
from deployments.rules.site_state import Action, State
from tests.factories import NOW, ask, begin, observe
from tests.roles import WORKER, acting_as

HOST = "cacophony.natwelch.com"

pytestmark = pytest.mark.usefixtures("sites")


def look(clients: Clients, *, at: datetime = NOW) -> SyncReport:
    """Sync, fetch the commits that are missing, and sync again, as the worker does when they have come."""
    with acting_as(WORKER):
        sync(clients=clients, clock=lambda: at)
        fetch_commits(github=clients.github, now=at)
        return sync(clients=clients, clock=lambda: at)


def seen() -> Observation:
    return Observation.objects.select_related("site").get(site__host=HOST)


def push(world: World, *builds: bool) -> list[str]:
    """Commits in their order, with or without an image."""
    return [world.commit(HOST, f"Change {number}", built=built) for number, built in enumerate(builds)]


def images_asked(world: World, *shas: str) -> list[str]:
    return [sha for each in world.registry.requests for sha in shas if each.path.endswith(sha)]


def test_the_newest_built_commit_below_the_head_is_on_offer(world: World, clients: Clients) -> None:
    observe(clients)
    _, built, _, head = push(world, True, True, False, False)

    look(clients)

    answer = site_page(name=HOST, now=NOW).row.answer
    assert (answer.state, answer.action) == (State.READY, Action.DEPLOY)
    assert answer.message == (
        f"4 commits behind. {built[:7]} is ready; the newest, {head[:7]}, has no image."
    )
    assert (seen().built_headline, seen().target_sha) == ("Change 1", built)


def test_auto_deploy_takes_what_is_built_green_and_ahead(world: World, clients: Clients) -> None:
    observe(clients)
    Site.objects.filter(host=HOST).update(auto_deploy=True)
    built, _ = push(world, True, False)

    look(clients)

    deploy = Deploy.objects.get()
    assert (deploy.sha, deploy.headline) == (built, "Change 0")
    assert deploy.image == world.image(HOST, built)


def test_auto_deploy_waits_for_the_ci_of_what_is_built(world: World, clients: Clients) -> None:
    observe(clients)
    Site.objects.filter(host=HOST).update(auto_deploy=True)
    built = world.commit(HOST, checks="PENDING")
    world.commit(HOST, built=False)

    waits = look(clients).run.decisions[HOST]
    world.repository(HOST).set_checks(built, "SUCCESS")
    look(clients)

    assert waits[:2] == ["wait", f"CI has not finished on {built[:7]}."]
    assert Deploy.objects.get().sha == built


def test_what_is_red_is_passed_over_for_what_is_green_below_it(world: World, clients: Clients) -> None:
    observe(clients)
    green = world.commit(HOST)
    world.commit(HOST, checks="FAILURE")
    world.commit(HOST, built=False)

    look(clients)

    assert seen().ready_below == green


def test_a_merged_side_branch_is_never_on_offer(world: World, clients: Clients) -> None:
    observe(clients)
    repository = world.repository(HOST)
    repository.create_branch("side", repository.graph.get(repository.head).parents[0])
    world.build(HOST, repository.commit("Aside", branch="side"))
    repository.merge("side", "Merge it")
    world.commit(HOST, built=False)

    look(clients)

    assert seen().ready_below == ""
    assert site_page(name=HOST, now=NOW).row.answer.state is State.BUILDING


def test_each_is_queried_once_and_again_only_while_its_build_may_be_running(
    world: World, clients: Clients
) -> None:
    observe(clients)
    unbuilt, _ = push(world, False, False)
    look(clients)
    world.registry.requests.clear()

    look(clients, at=NOW + timedelta(hours=1))
    within = images_asked(world, unbuilt)
    world.registry.requests.clear()
    look(clients, at=NOW + timedelta(hours=2))
    look(clients, at=NOW + timedelta(hours=3))

    assert set(within) == {unbuilt}
    assert images_asked(world, unbuilt) == []


def test_no_more_than_ten_below_the_head_are_queried(world: World, clients: Clients) -> None:
    observe(clients)
    shas = push(world, *[False] * 14)

    look(clients)

    assert set(images_asked(world, *shas)) == {*shas[3:]}


def test_an_image_that_comes_later_than_the_next_commit_is_found(world: World, clients: Clients) -> None:
    observe(clients)
    slow, _ = push(world, False, False)
    look(clients)

    world.build(HOST, slow)
    look(clients, at=NOW + timedelta(hours=1))

    assert seen().ready_below == slow


def test_a_head_that_gets_its_image_takes_the_place_back(world: World, clients: Clients) -> None:
    observe(clients)
    _, head = push(world, True, False)
    look(clients)

    world.build(HOST, head)
    look(clients, at=NOW + timedelta(minutes=6))

    after = seen()
    assert (after.target_sha, after.built_sha, after.asked_below) == (head, "", None)
    assert after.build_seconds == [360]


def test_what_a_force_push_took_out_is_on_offer_no_more(world: World, clients: Clients) -> None:
    observe(clients)
    before = world.repository(HOST).head
    push(world, True, False)
    look(clients)
    world.repository(HOST).force_push(before)
    world.commit(HOST, built=False)

    look(clients)

    assert seen().ready_below == ""


def test_a_deploy_of_it_is_guarded_and_shipped_as_any_other(world: World, clients: Clients) -> None:
    observe(clients)
    built, _ = push(world, True, False)
    look(clients)

    deploy = begin(ask(HOST, built), clients)

    assert deploy.status == Status.ROLLING_OUT
    assert world.running_image(HOST) == world.image(HOST, built)


def test_a_sync_follows_as_soon_as_the_commits_below_are_known(world: World, clients: Clients) -> None:
    observe(clients)
    push(world, True, False)
    observe(clients)
    OrmQ.objects.all().delete()

    fetch_commits(github=clients.github, now=NOW)

    (entry,) = OrmQ.objects.all()
    assert (entry.task["func"], entry.task["kwargs"]) == (
        f"{MODULE}.sync",
        {"names": [HOST], "trigger": "commits"},
    )


def test_a_build_that_takes_longer_than_usual_says_so(world: World, clients: Clients) -> None:
    observe(clients)
    (head,) = push(world, False)
    observe(clients)
    Observation.objects.filter(site__host=HOST).update(build_seconds=[300, 240, 360])

    early = site_page(name=HOST, now=NOW + timedelta(minutes=5)).row.answer
    late = site_page(name=HOST, now=NOW + timedelta(minutes=20)).row.answer

    assert early.message == f"1 commit behind. The image of {head[:7]} is not built yet."
    assert late.message == (
        f"1 commit behind. The image of {head[:7]} is not built yet, 20 minutes after Headway first saw it. "
        "Builds usually take 5 minutes here. Check its build."
    )
    assert late.state is State.BUILDING


def test_a_list_from_before_the_parents_were_kept_offers_nothing(world: World, clients: Clients) -> None:
    observe(clients)
    push(world, True, False)
    observe(clients)
    fetch_commits(github=clients.github, now=NOW)
    CommitRange.objects.update(mainline=[])

    observe(clients)

    assert seen().ready_below == ""


def test_what_was_built_by_another_template_is_on_offer_no_more(world: World, clients: Clients) -> None:
    observe(clients)
    push(world, True, False)
    look(clients)
    site = Site.objects.get(host=HOST)
    site.image_template = world.image_template.replace("{sha}", "main-{sha}")

    save_mapping(site=site, before={"image_template": ""}, by=None, now=NOW)
    before = seen().ready_below
    look(clients)

    assert (before, seen().ready_below) == ("", "")


def test_a_sync_costs_the_same_while_a_head_has_no_image(world: World, clients: Clients) -> None:
    observe(clients)
    with CaptureQueriesContext(connection) as without:
        usual = observe(clients)
    push(world, True, False)
    look(clients)
    ask_provenance(clients=clients, now=NOW)

    with CaptureQueriesContext(connection) as unbuilt:
        report = observe(clients)

    assert len(unbuilt) == len(without)
    assert (report.run.github_requests, report.run.changed) == (usual.run.github_requests, 0)
    assert report.run.registry_requests == 1
