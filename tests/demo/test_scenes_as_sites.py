"""The demo's scenes as Headway sees them: its tables can be imported, and what each scene is about is shown."""

from collections.abc import Iterator

import pytest
from pytest_django.fixtures import Settings

from demo import scenes
from demo.world import TABLES, World, read_mappings
from deployments.clients.clients import Clients
from deployments.models import Site
from deployments.operations.sync.commits import fetch_commits
from deployments.queries import SiteRow, site_list
from deployments.rules.builds import CommitSource
from deployments.rules.site_state import State
from simulators.cluster.cluster import RBAC, WORKLOADS_RBAC
from tests.deployments.management.conftest import pointed, run
from tests.deployments.management.test_discover import Run, lines
from tests.factories import NOW, observe
from tests.worlds import clients

__all__ = ["clients", "pointed", "run"]

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def world(settings: Settings) -> Iterator[World]:
    with World(
        read_mappings(), start_seconds=0.05, rbac=(RBAC, WORKLOADS_RBAC), by_release=scenes.BY_RELEASE
    ) as world:
        scenes.set_the_scenes(world)
        settings.IMAGE_TEMPLATE = world.image_template
        yield world


@pytest.fixture
def sites(world: World, run: Run) -> dict[str, Site]:
    for table in TABLES:
        run("import_sites", str(table))
    return {site.host: site for site in Site.objects.all()}


def rows() -> dict[str, SiteRow]:
    return {row.site.host: row for row in site_list(now=NOW).rows}


def test_apps_of_several_workloads_are_ready_one_is_at_two_commits_one_follows_releases_and_one_has_paths(
    world: World, clients: Clients, sites: dict[str, Site]
) -> None:
    world.cluster.settle_now()
    (by_release,) = scenes.BY_RELEASE
    Site.objects.filter(host=by_release).update(
        commit_source=CommitSource.RELEASE, image_template=world.version_template
    )

    Site.objects.filter(host=scenes.WITH_PATHS).update(paths=scenes.PATHS)

    observe(clients)
    fetch_commits(github=clients.github, now=NOW)

    found = rows()
    assert found[scenes.WITH_PATHS].answer.message.endswith("1 newer commit touches none of its paths.")
    assert found[by_release].answer.message.startswith("Runs the newest version, v1.5.0")
    assert found[scenes.APP].answer.state is State.READY
    assert found[scenes.RELEASED].answer.state is State.READY
    assert found[scenes.MIXED].answer.state is State.MIXED
    assert [str(each) for each in sites[scenes.APP].references] == [
        "Deployment photos",
        "Deployment photos-worker",
        "CronJob photos-report",
    ]
    assert sites[scenes.RELEASED].release_job == "writing-upgrade"


def test_an_app_without_a_site_is_proposed_as_one(pointed: World, run: Run, sites: dict[str, Site]) -> None:
    found = [line["workloads"] for line in lines(run("discover"))]

    assert found[-1] == (
        "Deployment default/guestbook-web; StatefulSet default/guestbook-worker; "
        "DaemonSet default/guestbook-cache; CronJob default/guestbook-report"
    )
    # What runs before a site's workloads is the site's.
    assert not [line for line in found if "upgrade" in line]
