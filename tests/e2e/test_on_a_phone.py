"""The ten things that a person does here, on a phone; each with JavaScript and as plain forms."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from deployments.models import Deploy, Hold, Site
from simulators.cluster.behaviour import ANSWERS
from tests.e2e.installation import PASSWORD, Installation
from tests.e2e.taps import Tapper, action_button, ship

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.parametrize("with_script", [True, False], ids=["script", "plain"]),
]
Enter = Callable[..., Page]
HOST = "cron.natwelch.com"


def message(page: Page):
    return page.locator(".answer .state")


def test_log_in(installation: Installation, enter: Enter, *, with_script: bool) -> None:
    page = enter(java_script_enabled=with_script)
    page.context.clear_cookies()

    page.goto("/")
    page.get_by_label("Name").fill("nat")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).tap()

    expect(page.get_by_role("link", name=HOST, exact=True)).to_be_visible()


def test_find(installation: Installation, enter: Enter, *, with_script: bool) -> None:
    page = enter(java_script_enabled=with_script)

    Tapper(page).search("cron natw")

    expect(page.locator(".rows > li")).to_have_count(1)
    expect(page.locator(".rows > li")).to_contain_text(HOST)


def test_deploy(installation: Installation, enter: Enter, *, with_script: bool) -> None:
    sha = installation.make_ready(HOST)
    page = enter(java_script_enabled=with_script)

    ship(page, HOST)

    expect(message(page)).to_have_text("Succeeded")
    assert installation.world.running_image(HOST) == installation.world.image(HOST, sha)


def test_deploy_when_ready(installation: Installation, enter: Enter, *, with_script: bool) -> None:
    sha = installation.commit(HOST, built=False)
    page = enter(java_script_enabled=with_script)

    ship(page, HOST, "When ready")
    expect(message(page)).to_have_text("Waiting")
    installation.world.build(HOST, sha)
    installation.sync(HOST)

    expect(message(page)).to_have_text("Succeeded")


def test_watch_it_fail_and_roll_back(installation: Installation, enter: Enter, *, with_script: bool) -> None:
    before = installation.world.running_image(HOST)
    sha = installation.commit(HOST)
    installation.world.behaviours[installation.world.image(HOST, sha)] = ANSWERS(500)
    page = enter(java_script_enabled=with_script)

    ship(page, HOST)
    expect(message(page)).to_have_text("Failed")
    expect(page.get_by_role("region", name="Last lines of the log")).to_contain_text("GET / 500")
    page.get_by_role("link", name=f"{HOST}: Roll back").tap()
    page.get_by_role("button", name="Roll back").tap()

    expect(message(page)).to_have_text("Succeeded")
    assert installation.world.running_image(HOST) == before


def test_hold_and_resume(installation: Installation, enter: Enter, *, with_script: bool) -> None:
    installation.make_ready(HOST)
    page = enter(java_script_enabled=with_script)

    page.goto(f"/sites/{HOST}/")
    page.get_by_text("Hold this site").tap()
    page.get_by_label("Why").fill("Migration tonight")
    page.get_by_role("button", name="Hold", exact=True).tap()
    expect(message(page)).to_have_text("On hold")
    page.locator(".answer").get_by_role("button", name="Resume").tap()

    expect(message(page)).to_have_text("Update ready")
    assert Hold.objects.get().resumed_by_name == "nat"


def test_edit_a_mapping(installation: Installation, enter: Enter, *, with_script: bool) -> None:
    page = enter("root", java_script_enabled=with_script)

    page.goto(f"/sites/{HOST}/")
    page.get_by_role("link", name="Edit the mapping").tap()
    page.get_by_text("More settings").tap()
    page.get_by_label("Wait for CI").uncheck()
    page.get_by_role("button", name="Save", exact=True).tap()

    expect(page.get_by_text("Saved.")).to_be_visible()
    assert not Site.objects.get(host=HOST).wait_for_ci


def test_stop_everything(installation: Installation, enter: Enter, *, with_script: bool) -> None:
    page = enter(java_script_enabled=with_script)

    page.get_by_role("button", name="Pause all").tap()

    expect(page.locator(".banner.hold")).to_contain_text("All deploys are paused")
    assert Hold.objects.get().site is None


def test_every_third_of_34_sites_is_deployed_in_three_taps_and_one_search(
    installation: Installation, enter: Enter, *, with_script: bool
) -> None:
    hosts = installation.make_all_ready()[::3]
    page = enter(java_script_enabled=with_script)
    needed = {}

    for host in hosts:
        page.goto("/")
        tap = Tapper(page)
        tap.search(host)
        tap.tap(action_button(page, host, "Deploy"))
        tap.tap(page.locator("#sheet").get_by_role("button", name="Deploy"))
        page.wait_for_url("**/deploys/*/", wait_until="commit")
        needed[host] = (tap.taps, tap.searches)

    assert len(needed) == 12
    assert max(needed.values()) <= (3, 1)
    assert sorted(Deploy.objects.values_list("site__host", flat=True)) == hosts
