"""What the original script learned the hard way: one test for each of its bugs. Every lesson's tests: lessons.yaml."""

import pytest

from demo.world import NAMESPACE, World
from deployments.clients.clients import Clients
from deployments.models import Deploy, Observation, Site, Status, SyncRun
from deployments.operations.sync.commits import fetch_commits
from simulators.github import Failure
from tests.factories import NOW, ask, begin, observe, remap
from tests.worlds import clients, sites, world

__all__ = ["clients", "sites", "world"]

HOST = "cacophony.natwelch.com"

pytestmark = pytest.mark.usefixtures("sites")


def seen(host: str = HOST) -> Observation:
    return Observation.objects.get(site__host=host)


def turn_on(host: str = HOST) -> None:
    Site.objects.filter(host=host).update(auto_deploy=True)


class TestTheAncestorsBugs:
    """What ended, misled or overspent the job that Headway replaces."""

    def test_an_error_in_one_repository_skips_no_later_site(self, world: World, clients: Clients) -> None:
        heads = {host: world.commit(host) for host in world.mappings}
        first, *later = sorted(heads)
        world.github.poison(world.mappings[first].slug, Failure.SOMETHING_WENT_WRONG)

        observe(clients)

        assert {host: seen(host).head_sha for host in later} == {host: heads[host] for host in later}

    def test_an_empty_sha_never_becomes_an_image(self, world: World, clients: Clients) -> None:
        before = world.running_image(HOST)
        world.repository(HOST).branches.clear()
        turn_on()

        report = observe(clients)

        assert (report.run.requested, Deploy.objects.count()) == (0, 0)
        assert world.running_image(HOST) == before

    def test_a_renamed_default_branch_keeps_working(self, world: World, clients: Clients) -> None:
        Site.objects.filter(host=HOST).update(branch="")
        repository = world.repository(HOST)
        repository.rename_branch(repository.default_branch, "trunk")
        head = world.commit(HOST)

        observe(clients)

        assert (seen().branch, seen().head_sha) == ("trunk", head)

    def test_a_sidecar_that_comes_first_keeps_its_image(self, world: World, clients: Clients) -> None:
        host = next(iter(world.mappings))
        head = world.commit(host)
        observe(clients)

        begin(ask(host), clients)

        deployment = world.cluster.deployment(NAMESPACE, world.mappings[host].deployment)
        first, second = deployment["spec"]["template"]["spec"]["containers"]
        assert "cloud-sql-proxy" in first["image"]
        assert second["image"] == world.image(host, head)

    def test_a_site_may_live_in_any_namespace(self, world: World, clients: Clients) -> None:
        world.cluster.create_namespace("sites")
        world.cluster.bind_role("sites")
        older = world.image(HOST)
        world.cluster.create_deployment("sites", "cacophony", containers={"cacophony": older}, settled=True)
        world.cluster.delete_deployment(NAMESPACE, "cacophony")
        remap(HOST, namespace="sites")
        head = world.commit(HOST)
        observe(clients)

        begin(ask(HOST), clients)

        spec = world.cluster.deployment("sites", "cacophony")["spec"]["template"]["spec"]
        assert spec["containers"][0]["image"] == world.image(HOST, head)

    def test_nothing_is_written_where_nothing_changed(self, world: World, clients: Clients) -> None:
        Site.objects.update(auto_deploy=True)

        observe(clients)

        assert Deploy.objects.count() == 0
        assert world.cluster.requests.matching(method="PATCH") == []

    def test_nothing_is_deployed_before_its_image_exists(self, world: World, clients: Clients) -> None:
        world.commit(HOST, built=False)
        turn_on()

        report = observe(clients)

        assert report.run.requested == 0
        assert report.run.decisions[HOST][0] == "wait"

    def test_an_accepted_patch_is_no_success_yet(self, world: World, clients: Clients) -> None:
        world.commit(HOST)
        observe(clients)

        deploy = begin(ask(HOST), clients)

        assert deploy.status == Status.ROLLING_OUT

    @pytest.mark.whole_table
    def test_34_sites_twice_an_hour_are_four_requests(self, world: World, clients: Clients) -> None:
        requests = sum(observe(clients).run.github_requests for _ in range(2))

        assert requests <= 4

    def test_what_comes_after_the_work_cannot_fail_the_work(self, world: World, clients: Clients) -> None:
        """What is not the sync itself goes to the queue; its failing is its own."""
        head = world.commit(HOST)
        report = observe(clients)
        world.github.fail_next(Failure.BAD_GATEWAY, times=99)

        fetched = fetch_commits(github=clients.github, now=NOW)

        assert fetched == 0
        assert report.run.result == SyncRun.Result.GOOD
        assert seen().head_sha == head
