"""A sync: every site's row is right, or says why it is not."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_q.models import OrmQ

from demo.world import NAMESPACE, World
from deployments.clients.clients import Clients
from deployments.models import Deploy, Observation, Site, Status, SyncRun, Trigger
from deployments.operations.sites.save import save_mapping
from deployments.operations.sync.commits import fetch_commits
from deployments.operations.sync.run import UnableToSync, close_dead_runs, sync
from deployments.operations.tick import tick
from tests.factories import NOW, ask, begin, make_user, observe, remap

HOST = "cacophony.natwelch.com"
OTHER = "chartopia.app"

pytestmark = pytest.mark.usefixtures("sites")


def seen(host: str = HOST) -> Observation:
    return Observation.objects.get(site__host=host)


def tasks() -> list[str]:
    return [task.func() for task in OrmQ.objects.all()]


def test_a_row_shows_what_runs_against_what_is_newest(world: World, clients: Clients) -> None:
    running = world.repository(HOST).head
    head = world.commit(HOST, "Serve pictures as WebP")

    observe(clients)

    row = seen()
    assert (row.running_sha, row.head_sha, row.behind_by, row.ahead_by) == (running, head, 1, 0)
    assert (row.head_headline, row.check_state, row.head_image_built) == (
        "Serve pictures as WebP",
        "success",
        True,
    )


@pytest.mark.whole_table
def test_when_nothing_changed_it_costs_two_requests_one_list_and_eight_statements(
    world: World, clients: Clients
) -> None:
    world.commit(HOST)
    observe(clients)
    fetch_commits(github=clients.github, now=NOW)
    for log in (world.github.requests, world.registry.requests, world.cluster.requests):
        log.clear()

    with CaptureQueriesContext(
        connection,
    ) as statements:
        report = observe(clients)

    assert (report.run.sites, report.run.changed, report.run.with_problems) == (34, 0, 0)
    assert len(world.github.requests) <= 2
    assert len(world.cluster.requests) == 1
    assert len(world.registry.requests) == 0
    assert len(statements) <= 8, [each["sql"] for each in statements]


@pytest.mark.whole_table
def test_one_repository_missing_among_34_leaves_33_right(world: World, clients: Clients) -> None:
    heads = {host: world.commit(host) for host in world.mappings}
    world.repository(HOST).delete()

    report = observe(clients)

    right = [host for host in world.mappings if seen(host).head_sha == heads[host]]
    assert sorted(set(world.mappings) - set(right)) == [HOST]
    assert report.run.with_problems == 1
    assert "GitHub has no repository icco/cacophony" in seen().github_problem


def test_a_short_sha_in_the_tag_is_known_in_full(world: World, clients: Clients) -> None:
    sha = world.repository(HOST).head
    Site.objects.filter(host=HOST).update(image_template=world.image_template.replace("{sha}", "{short_sha}"))
    world.registry.push("icco-cloud/cacophony", sha[:7])
    world.cluster.set_image(NAMESPACE, "cacophony", container="cacophony", image=world.image(HOST, sha[:7]))
    world.cluster.settle_now()

    observe(clients)

    assert (seen().running_sha, seen().behind_by) == (sha, 0)


def test_what_runs_is_what_ready_pods_run_and_not_what_the_spec_asks_for(
    world: World, clients: Clients
) -> None:
    running = world.repository(HOST).head
    head = world.commit(HOST, built=False)
    world.cluster.set_image(NAMESPACE, "cacophony", container="cacophony", image=world.image(HOST, head))
    world.cluster.settle_now()

    observe(clients)

    assert (seen().running_sha, seen().desired_sha) == (running, head)


def test_a_namespace_that_is_refused_leaves_the_others_right(world: World, clients: Clients) -> None:
    head = world.commit(OTHER)
    remap(HOST, namespace="elsewhere")

    observe(clients)

    assert (seen(OTHER).head_sha, seen(OTHER).cluster_problem) == (head, "")
    assert "elsewhere" in seen().cluster_problem


def test_a_registry_that_is_down_is_that_sites_trouble_only(world: World, clients: Clients) -> None:
    head = world.commit(HOST)
    world.registry.fail_next(500, times=9)

    observe(clients)

    assert (seen().head_sha, seen().head_image_built) == (head, None)
    assert seen().registry_problem
    assert not seen(OTHER).registry_problem


def test_an_earlier_observation_stays_while_github_is_down(world: World, clients: Clients) -> None:
    head = world.commit(HOST)
    observe(clients)
    world.github.fail_next("html_502", times=99)

    observe(clients)

    assert seen().head_sha == head
    assert seen().github_problem


def test_an_auto_deploy_site_gets_its_head(world: World, clients: Clients) -> None:
    head = world.commit(HOST)
    world.commit(OTHER)
    Site.objects.filter(host=HOST).update(auto_deploy=True)

    report = observe(clients)

    deploy = Deploy.objects.get()
    assert (deploy.site.host, deploy.sha, deploy.trigger) == (HOST, head, Trigger.SYNC)
    assert report.run.requested == 1
    assert report.run.decisions[HOST][0] == "go"


def test_a_commit_by_a_bot_is_deployed_like_any_other(world: World, clients: Clients) -> None:
    head = world.repository(HOST).commit("Bump actions/checkout from 4 to 5", bot=True)
    world.build(HOST, head)
    Site.objects.filter(host=HOST).update(auto_deploy=True)

    observe(clients)

    assert Deploy.objects.get().sha == head


def test_one_automatic_attempt_for_each_commit(world: World, clients: Clients) -> None:
    world.commit(HOST)
    Site.objects.filter(host=HOST).update(auto_deploy=True)
    observe(clients)
    Deploy.objects.get().move(Status.FAILED, now=NOW)

    report = observe(clients)

    assert Deploy.objects.count() == 1
    assert report.run.decisions[HOST][0] == "stop"


def test_a_dry_run_writes_nothing(world: World, clients: Clients) -> None:
    world.commit(HOST)
    Site.objects.update(auto_deploy=True)
    observe_dry = sync(clients=clients, clock=lambda: NOW, dry_run=True)

    assert [type(each.verdict).__name__ for each in observe_dry.decisions].count("Go") == 1
    assert (Deploy.objects.count(), SyncRun.objects.count()) == (0, 0)
    assert not any(Observation.objects.values_list("head_sha", flat=True))


def test_a_narrowed_sync_touches_only_its_sites(world: World, clients: Clients) -> None:
    world.commit(HOST)
    world.commit(OTHER)

    observe(clients, names=[HOST])

    assert seen().head_sha
    assert not Observation.objects.filter(site__host=OTHER).exclude(head_sha="").exists()


def test_an_unknown_host_is_named() -> None:
    with pytest.raises(UnableToSync, match=r"No such site: nowhere\.example\."):
        sync(clients=None, clock=lambda: NOW, names=["nowhere.example"])


def test_the_list_of_commits_is_fetched_once_forever(world: World, clients: Clients) -> None:
    for number in range(3):
        world.commit(HOST, f"Change {number}")
    observe(clients)

    first, second = (fetch_commits(github=clients.github, now=NOW) for _ in range(2))

    assert (first, second) == (1, 0)
    assert "deployments.tasks.fetch_commits" in tasks()


def test_a_site_deleted_while_it_was_checked_does_no_harm(world: World, clients: Clients) -> None:
    head = world.commit(OTHER)
    observe(clients, names=[HOST])
    real = clients.github.heads

    def delete_meanwhile(questions: object, **given: object) -> object:
        Site.objects.filter(host=HOST).delete()
        return real(questions, **given)

    clients.github.heads = delete_meanwhile  # the moment in which it happens; the answer is GitHub's own
    world.commit(HOST)
    observe(clients)

    assert seen(OTHER).head_sha == head


def test_a_run_whose_worker_died_is_closed(clients: Clients) -> None:
    SyncRun.objects.create(started_at=NOW, trigger="schedule")

    close_dead_runs(now=NOW)

    assert SyncRun.objects.get().result == SyncRun.Result.FAILED


def test_the_tick_takes_up_what_a_dead_worker_left(world: World, clients: Clients) -> None:
    from datetime import timedelta

    world.commit(HOST)
    world.commit(OTHER)
    observe(clients)
    make_user()
    ask(HOST)
    begin(ask(OTHER), clients)
    OrmQ.objects.all().delete()

    tick(now=NOW + timedelta(minutes=1))

    assert sorted(tasks()) == ["deployments.tasks.follow", "deployments.tasks.start_deploy"]


@pytest.mark.five_sites
def test_a_repository_that_took_the_old_name_is_not_shipped_until_the_mapping_is_saved_again(
    world: World, clients: Clients
) -> None:
    observe(clients)
    mapped = seen().head_sha
    world.repository(HOST).delete()
    stranger = world.github.repositories.create("icco/cacophony", "main").commit("Mine now")
    world.build(HOST, stranger)
    Site.objects.filter(host=HOST).update(auto_deploy=True)

    observe(clients)
    refused = seen()
    save_mapping(site=Site.objects.get(host=HOST), before={}, by=make_user(), now=NOW)
    observe(clients)

    assert "someone may have taken its name" in refused.github_problem
    assert refused.head_sha == mapped
    assert seen().head_sha == stranger
    assert not Deploy.objects.exists()
