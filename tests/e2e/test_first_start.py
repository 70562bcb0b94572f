"""From an installation without sites to the first Deploy, on a phone, with every tap counted."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from demo.world import NAMESPACE, World
from deployments.models import Deploy, Discovery, MappedWorkload, Observation, Site, Status
from simulators.cluster.cluster import ROUTES_RBAC
from tests.e2e.conftest import make_people
from tests.e2e.every_state import put_right
from tests.e2e.installation import Installation
from tests.e2e.taps import Tapper, action_button
from tests.processes import eventually

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.parametrize("with_script", [True, False], ids=["script", "plain"]),
]
TO_THE_FIRST_DEPLOY, FOR_34_WORKLOADS = 10, 40
LATE_HOST = "cron.natwelch.com"


@pytest.fixture(scope="module")
def _exposed(world: World) -> None:
    """Every workload answers by an Ingress, and the worker may list them."""
    world.cluster.apply((ROUTES_RBAC / "rights.yaml").read_text(encoding="utf-8"), namespace=NAMESPACE)
    for host in world.mappings:
        world.expose(host)


@pytest.fixture
def installation(url: str, world: World, transactional_db: None, _exposed: None) -> Iterator[Installation]:
    """Without a site: people have accounts, and a worker runs."""
    make_people()
    put_right(world)
    installation = Installation(url=url, world=world)
    installation.come_to_rest()
    yield installation
    installation.come_to_rest()


def map_all(tapper: Tapper, *, with_script: bool) -> None:
    """Search, and add all that is ticked; without a script a page shows what is new when it is loaded again."""
    page = tapper.page
    tapper.tap(page.get_by_role("button", name="Find sites"))
    if not with_script:
        assert eventually(lambda: bool(Discovery.latest().apps), seconds=60)
        tapper.tap(page.get_by_role("link", name="Show what was found"))
    add = page.get_by_role("button", name="Add the ticked sites")
    expect(add).to_be_visible()
    tapper.tap(add)
    page.wait_for_url("/")


def test_from_no_site_to_the_first_deploy_in_ten_taps(
    installation: Installation, enter: Callable[..., Page], *, with_script: bool
) -> None:
    world = installation.world
    page = enter("root", java_script_enabled=with_script)
    tapper = Tapper(page)
    # What ran before the installation is older than what is newest.
    sha = world.commit(LATE_HOST, "Ship this")

    map_all(tapper, with_script=with_script)
    ready = Observation.objects.filter(site__host=LATE_HOST, head_sha=sha, head_image_built=True)
    assert eventually(ready.exists, seconds=60)
    page.goto("/")
    tapper.tap(action_button(page, LATE_HOST, "Deploy"))
    tapper.tap(page.locator("#sheet").get_by_role("button"))
    page.wait_for_url("**/deploys/*/")
    expect(page.locator(".answer .state")).to_have_text("Succeeded")

    assert tapper.taps <= TO_THE_FIRST_DEPLOY, tapper.taps
    assert Deploy.objects.get().status == Status.SUCCEEDED
    assert world.running_image(LATE_HOST) == world.image(LATE_HOST, sha)


def test_34_workloads_are_mapped_in_at_most_40_taps(
    installation: Installation, enter: Callable[..., Page], *, with_script: bool
) -> None:
    world = installation.world
    tapper = Tapper(enter("root", java_script_enabled=with_script))

    map_all(tapper, with_script=with_script)

    mapped = {(each.host, each.slug.lower(), each.deployment) for each in world.mappings.values()}
    assert {
        (site.host, f"{site.owner}/{site.repository}".lower(), site.workloads.get().name)
        for site in Site.objects.all()
    } == mapped
    assert MappedWorkload.objects.count() == len(world.mappings) == 34
    assert tapper.taps <= FOR_34_WORKLOADS, tapper.taps


def test_it_may_be_left_and_come_back_to(
    installation: Installation, enter: Callable[..., Page], *, with_script: bool
) -> None:
    page = enter("root", java_script_enabled=with_script)
    page.get_by_role("button", name="Find sites").tap()
    page.wait_for_url("/first-start/")
    page.goto("/")
    assert eventually(lambda: bool(Discovery.latest().apps), seconds=60)

    page.get_by_role("link", name="See the last search").tap()

    expect(page.get_by_role("checkbox", checked=True)).to_have_count(len(installation.world.mappings))
