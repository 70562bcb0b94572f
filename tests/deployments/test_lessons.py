"""What the ancestor and the neighbours learned the hard way: one test for each case, named after it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from demo.github import Failure
from demo.world import NAMESPACE, World
from deployments.models import Deploy, Observation, Site, Status, SyncRun
from deployments.operations.commits import fetch_commits
from deployments.operations.hold import place_hold
from deployments.operations.sync import sync
from deployments.outside import Outside
from deployments.queries import house
from tests.factories import NOW, ask, begin, make_user, observe
from tests.worlds import outside, sites, world

__all__ = ["outside", "sites", "world"]

HOST = "cacophony.natwelch.com"
OTHER = "chartopia.app"

pytestmark = pytest.mark.usefixtures("sites")


def seen(host: str = HOST) -> Observation:
    return Observation.objects.get(site__host=host)


def turn_on(host: str = HOST) -> None:
    Site.objects.filter(host=host).update(auto_deploy=True)


class TestTheAncestorsBugs:
    """What ended, misled or overspent the job that Headway replaces."""

    def test_an_error_in_one_repository_skips_no_later_site(self, world: World, outside: Outside) -> None:
        heads = {host: world.commit(host) for host in world.mappings}
        first, *later = sorted(heads)
        world.github.poison(world.mappings[first].slug, Failure.SOMETHING_WENT_WRONG)

        observe(outside)

        assert {host: seen(host).head_sha for host in later} == {host: heads[host] for host in later}

    def test_an_empty_sha_never_becomes_an_image(self, world: World, outside: Outside) -> None:
        before = world.running_image(HOST)
        world.repository(HOST).branches.clear()
        turn_on()

        report = observe(outside)

        assert (report.run.requested, Deploy.objects.count()) == (0, 0)
        assert world.running_image(HOST) == before

    def test_a_renamed_default_branch_goes_on_by_itself(self, world: World, outside: Outside) -> None:
        Site.objects.filter(host=HOST).update(branch="")
        repository = world.repository(HOST)
        repository.rename_branch(repository.default_branch, "trunk")
        head = world.commit(HOST)

        observe(outside)

        assert (seen().branch, seen().head_sha) == ("trunk", head)

    def test_a_sidecar_that_stands_first_keeps_its_image(self, world: World, outside: Outside) -> None:
        host = next(iter(world.mappings))
        head = world.commit(host)
        observe(outside)

        begin(ask(host), outside)

        deployment = world.cluster.deployment(NAMESPACE, world.mappings[host].deployment)
        first, second = deployment["spec"]["template"]["spec"]["containers"]
        assert "cloud-sql-proxy" in first["image"]
        assert second["image"] == world.image(host, head)

    def test_a_site_may_live_in_any_namespace(self, world: World, outside: Outside) -> None:
        world.cluster.create_namespace("sites")
        world.cluster.bind_role("sites")
        world.cluster.create_deployment(
            "sites", "cacophony", containers={"cacophony": world.image(HOST)}, settled=True
        )
        Site.objects.filter(host=HOST).update(namespace="sites")

        observe(outside)

        assert seen().running_sha == world.repository(HOST).head

    def test_nothing_is_written_where_nothing_changed(self, world: World, outside: Outside) -> None:
        Site.objects.update(auto_deploy=True)

        observe(outside)

        assert Deploy.objects.count() == 0
        assert world.cluster.requests.matching(method="PATCH") == []

    def test_nothing_is_deployed_before_its_image_exists(self, world: World, outside: Outside) -> None:
        world.commit(HOST, built=False)
        turn_on()

        report = observe(outside)

        assert report.run.requested == 0
        assert report.run.decisions[HOST][0] == "wait"

    def test_an_accepted_patch_is_no_success_yet(self, world: World, outside: Outside) -> None:
        world.commit(HOST)
        observe(outside)

        deploy = begin(ask(HOST), outside)

        assert deploy.status == Status.ROLLING_OUT

    def test_34_sites_twice_an_hour_are_four_requests(self, world: World, outside: Outside) -> None:
        requests = sum(observe(outside).run.github_requests for _ in range(2))

        assert requests <= 4

    def test_what_comes_after_the_work_cannot_fail_the_work(self, world: World, outside: Outside) -> None:
        """What is not the sync itself goes to the queue; its failing is its own."""
        head = world.commit(HOST)
        report = observe(outside)
        world.github.fail_next(Failure.BAD_GATEWAY, times=99)

        fetched = fetch_commits(github=outside.github, now=NOW)

        assert fetched == 0
        assert report.run.result == SyncRun.Result.GOOD
        assert seen().head_sha == head


class TestPatternsSeenElsewhere:
    def test_01_a_rollback_is_not_undone_by_the_sync(self, world: World, outside: Outside) -> None:
        head = world.commit(HOST)
        observe(outside)
        turn_on()
        person = make_user()
        site = Site.objects.get(host=HOST)
        place_hold(site=site, sha=head, reason="rolled back", by=person, now=NOW)

        held = observe(outside)
        newer = world.commit(HOST)
        freed = observe(outside)

        assert held.run.requested == 0
        assert (freed.run.requested, Deploy.objects.get().sha) == (1, newer)

    @pytest.mark.whole_table
    def test_03_one_bad_item_does_not_stop_the_batch(self, world: World, outside: Outside) -> None:
        world.github.poison("icco/cacophony", Failure.RESOURCE_LIMITS)

        report = observe(outside)

        assert (report.run.sites, report.run.troubled) == (34, 1)

    def test_05_a_registry_is_asked_for_one_tag_and_never_for_a_list(
        self, world: World, outside: Outside
    ) -> None:
        world.commit(HOST)

        observe(outside)

        asked = [each for each in world.registry.requests if each.path != "/token"]
        assert {each.method for each in asked} == {"HEAD"}
        assert not any("/tags/" in each.path for each in asked)

    def test_09_auto_deploy_switched_off_is_off_whatever_asks(self, world: World, outside: Outside) -> None:
        world.commit(HOST)

        runs = [
            sync(outside=outside, clock=lambda: NOW, hosts=hosts, trigger=trigger)
            for hosts, trigger in (((), "schedule"), ([HOST], "push"), ([HOST], "image"), ([HOST], "person"))
        ]

        assert [each.run.requested for each in runs] == [0, 0, 0, 0]

    def test_10_nothing_goes_backwards_by_itself_after_a_force_push(
        self, world: World, outside: Outside
    ) -> None:
        repository = world.repository(HOST)
        repository.force_push(repository.graph.commits[-2].sha)
        turn_on()

        report = observe(outside)

        assert (report.run.requested, report.run.decisions[HOST][0]) == (0, "stop")

    def test_11_the_same_failing_commit_is_tried_once_by_itself(self, world: World, outside: Outside) -> None:
        world.commit(HOST)
        turn_on()
        observe(outside)
        Deploy.objects.get().move(Status.FAILED, now=NOW)

        for _ in range(3):
            observe(outside)

        assert Deploy.objects.count() == 1

    def test_15_a_dead_job_does_not_look_like_all_up_to_date(self, world: World, outside: Outside) -> None:
        from deployments.operations.schedule import ensure_schedules

        ensure_schedules()
        now = timezone.now()
        sync(outside=outside, clock=lambda: now)

        fresh, stale = house(now=now), house(now=now + timedelta(hours=3))

        assert (fresh.sync_is_overdue, fresh.last_good_sync_at) == (False, now)
        assert stale.sync_is_overdue
