"""A site's page answers the next question: how many taps it takes, with a script and without one."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from demo.world import NAMESPACE
from deployments.models import Observation
from simulators.cluster import CRASHES
from tests.e2e.every_state import make_failed
from tests.e2e.installation import Installation
from tests.e2e.taps import Tapper, action_button
from tests.processes import eventually

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.parametrize("with_script", [True, False], ids=["script", "plain"]),
]
Enter = Callable[..., Page]
HOST = "gotak.app"


@pytest.fixture
def _fallen(installation: Installation) -> Iterator[None]:
    """Its pod crashes without a Deploy, and the last sync has seen that."""
    world, name = installation.world, installation.world.mappings[HOST].deployment
    image = world.image(HOST)
    world.behaviours[image] = CRASHES(2, ("panic: board is nil",))
    recreate(installation, name, image)
    fallen = Observation.objects.filter(site__host=HOST, outage_reason="crash")
    assert eventually(lambda: look(installation) and fallen.exists(), seconds=60)
    yield
    del world.behaviours[image]
    recreate(installation, name, image)
    installation.come_to_rest()


def recreate(installation: Installation, name: str, image: str) -> None:
    installation.world.cluster.delete_deployment(NAMESPACE, name)
    installation.world.cluster.create_deployment(NAMESPACE, name, containers={name: image}, replicas=1)


def look(installation: Installation) -> bool:
    installation.sync(HOST)
    installation.come_to_rest()
    return True


@pytest.mark.usefixtures("_fallen")
def test_from_the_list_to_a_failing_pods_log_it_is_two_taps(enter: Enter, *, with_script: bool) -> None:
    page = enter(java_script_enabled=with_script)
    tapper = Tapper(page)

    tapper.tap(page.get_by_role("link", name=HOST, exact=True))
    tapper.tap(page.get_by_role("button", name="Log of").first)

    expect(page.locator(".log")).to_have_text("panic: board is nil")
    assert tapper.taps == 2


def test_from_the_list_to_the_ci_run_of_the_newest_commit_it_is_two_taps(
    installation: Installation, enter: Enter, *, with_script: bool
) -> None:
    sha = installation.make_ready(HOST)
    page = enter(java_script_enabled=with_script)
    tapper = Tapper(page)

    tapper.tap(page.get_by_role("link", name=HOST, exact=True))
    tapper.tap(page.get_by_role("link", name="CI run", exact=True))

    page.wait_for_url(f"**/commit/{sha}/checks")
    assert tapper.taps == 2


def test_from_a_failed_site_to_its_previous_commit_running_it_is_three_taps(
    installation: Installation, enter: Enter, *, with_script: bool
) -> None:
    failed = make_failed(installation, HOST)
    page = enter(java_script_enabled=with_script)
    tapper = Tapper(page)

    tapper.tap(page.get_by_role("link", name=HOST, exact=True))
    tapper.tap(action_button(page, HOST, "Roll back"))
    tapper.tap(page.get_by_role("button", name="Roll back", exact=True))

    expect(page.locator(".answer .state")).to_have_text("Succeeded")
    assert installation.world.running_image(HOST) == installation.world.image(HOST, failed.from_sha)
    assert tapper.taps == 3


def test_a_sound_sites_pods_are_there_without_a_tap_or_by_one_button(
    installation: Installation, enter: Enter, *, with_script: bool
) -> None:
    page = enter(java_script_enabled=with_script)
    pods = page.locator("#pods")

    page.goto(f"/sites/{HOST}/")
    if not with_script:
        with page.expect_event("load"):
            page.get_by_role("button", name="Check the pods").tap()
        installation.come_to_rest()
        page.reload()

    # Of a pod with a sidecar, or of one that another test has rolled back.
    expect(pods).to_contain_text(re.compile(r"Running, (\d) of \1 ready"))
