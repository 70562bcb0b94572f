"""axe finds nothing on any page, in either theme, on a phone and on a desktop; on a phone and on a small one every page has room to tap."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from tests.e2e.axe import findings_on, walk
from tests.e2e.conftest import PHONE
from tests.e2e.every_state import HOST, show_every_state
from tests.e2e.installation import Installation
from tests.e2e.pages import ADMIN, INSTALLATION, SITES
from tests.e2e.tap_targets import cramped_on
from tests.e2e.taps import action_button

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Enter = Callable[..., Page]
SMALL_PHONE = {"width": 320, "height": 844}


@pytest.mark.parametrize("paths", [SITES, INSTALLATION], ids=["sites", "installation"])
def test_axe_finds_nothing_and_there_is_room_to_tap(
    installation: Installation, enter: Enter, paths: list[str]
) -> None:
    keys = show_every_state(installation)
    page = enter("root", reduced_motion="reduce")
    findings = []

    for path in paths:
        page.set_viewport_size(PHONE)
        page.goto(path.format_map(keys))
        findings += cramped_on(page)
        page.set_viewport_size(SMALL_PHONE)
        findings += cramped_on(page)
        findings += findings_on(page)

    assert findings == []


def test_axe_finds_nothing_in_the_admin(installation: Installation, enter: Enter) -> None:
    keys = show_every_state(installation)
    page = enter("root", reduced_motion="reduce")

    assert walk(page, (path.format_map(keys) for path in ADMIN)) == []


def test_axe_finds_nothing_in_the_open_sheet(installation: Installation, enter: Enter) -> None:
    installation.make_ready(HOST)
    page = enter("root", reduced_motion="reduce")

    action_button(page, HOST, "Deploy").click()
    expect(page.locator("#sheet")).to_be_visible()

    assert findings_on(page) == []


def test_axe_finds_nothing_where_nobody_is_logged_in(installation: Installation, enter: Enter) -> None:
    page = enter(reduced_motion="reduce")
    forbidden = walk(page, ["/deploy-all/", "/audit/"])
    page.context.clear_cookies()
    doors = walk(page, ["/login/"])
    page.get_by_label("Name").fill("nobody")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Log in", exact=True).click()
    expect(page.get_by_role("alert").first).to_be_visible()
    refused = findings_on(page)
    User.objects.all().delete()

    assert [*forbidden, *doors, *refused, *walk(page, ["/welcome/"])] == []


def test_a_deploy_by_keyboard_alone_and_its_end_is_announced(
    installation: Installation, enter: Enter
) -> None:
    installation.make_ready(HOST)
    page = enter()

    action_button(page, HOST, "Deploy").focus()
    page.keyboard.press("Enter")
    button = page.locator("#sheet").get_by_role("button", name="Deploy")
    expect(button).to_be_visible()
    while not button.evaluate("element => element === document.activeElement"):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/deploys/*/")

    expect(page.locator("#say")).to_contain_text("Succeeded")


def test_the_sheet_has_the_focus_once_it_is_filled(installation: Installation, enter: Enter) -> None:
    installation.make_ready(HOST)
    page = enter()

    action_button(page, HOST, "Deploy").focus()
    page.keyboard.press("Enter")

    expect(page.locator("#sheet").get_by_role("heading", name=f"Deploy {HOST}")).to_be_focused()


def test_escape_closes_the_sheet_and_leads_back_to_its_button(
    installation: Installation, enter: Enter
) -> None:
    installation.make_ready(HOST)
    page = enter()

    action_button(page, HOST, "Deploy").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#sheet")).to_be_visible()
    page.keyboard.press("Escape")

    expect(page.locator("#drawer")).not_to_be_visible()
    expect(action_button(page, HOST, "Deploy")).to_be_focused()
