"""No tap is lost: offline, without a server, or after the session's end, and the sheet follows a finger."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from deployments.models import Deploy
from tests.e2e.installation import PASSWORD, Installation
from tests.e2e.taps import action_button

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Enter = Callable[..., Page]
HOST = "cron.natwelch.com"
ALWAYS_ONLINE = "Object.defineProperty(navigator, 'onLine', { get: () => true })"


def open_sheet(page: Page):
    action_button(page, HOST, "Deploy").tap()
    button = page.locator("#sheet").get_by_role("button", name="Deploy")
    expect(button).to_be_visible()
    return button


@pytest.mark.parametrize("knows", [True, False], ids=["it is offline", "no server answers"])
def test_what_was_not_sent_is_said_and_offered_again(
    installation: Installation, enter: Enter, *, knows: bool
) -> None:
    installation.make_ready(HOST)
    page = enter()
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    if not knows:
        page.add_init_script(ALWAYS_ONLINE)
    page.reload()
    button = open_sheet(page)

    page.context.set_offline(True)
    button.tap()
    expect(page.locator("#unsent")).to_contain_text("nothing was sent" if not knows else "Nothing was sent")
    expect(button).to_be_visible()
    assert not Deploy.objects.exists()

    page.context.set_offline(False)
    page.locator("#unsent").get_by_role("button", name="Try again").tap()
    page.wait_for_url("**/deploys/*/")
    assert Deploy.objects.count() == 1


def test_a_sheet_that_cannot_be_fetched_is_offered_again(installation: Installation, enter: Enter) -> None:
    installation.make_ready(HOST)
    page = enter()

    page.context.set_offline(True)
    action_button(page, HOST, "Deploy").tap()
    expect(page.locator("#drawer").get_by_role("alert")).to_contain_text("Nothing was sent.")
    page.context.set_offline(False)
    page.locator("#drawer").get_by_role("button", name="Try again").tap()

    expect(page.locator("#sheet").get_by_role("button", name="Deploy")).to_be_visible()


@pytest.mark.parametrize("with_script", [True, False], ids=["script", "plain"])
def test_after_the_session_s_end_the_login_leads_to_the_same_dialog(
    installation: Installation, enter: Enter, *, with_script: bool
) -> None:
    sha = installation.make_ready(HOST)
    page = enter(java_script_enabled=with_script)
    button = open_sheet(page)

    page.context.clear_cookies(name="sessionid")
    button.tap()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was deployed")
    page.get_by_label("Name").fill("nat")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).tap()

    expect(page.get_by_role("alert")).to_contain_text("Nothing was deployed")
    assert not Deploy.objects.exists()
    page.locator("#sheet").get_by_role("button", name="Deploy").tap()
    page.wait_for_url("**/deploys/*/")
    assert Deploy.objects.get().sha == sha


@pytest.mark.parametrize(("pixels", "is_open"), [(30, True), (200, False)])
def test_the_sheet_s_handle_follows_a_finger(
    installation: Installation, enter: Enter, pixels: int, *, is_open: bool
) -> None:
    installation.make_ready(HOST)
    page = enter(reduced_motion="reduce")
    open_sheet(page)
    top = page.locator("#drawer").bounding_box()["y"] + 8
    send = page.context.new_cdp_session(page).send

    for kind, y in (("touchStart", top), ("touchMove", top + 20), ("touchMove", top + pixels)):
        send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": 195, "y": y}]})
    assert page.evaluate("document.getElementById('drawer').style.translate") == f"0px {pixels}px"
    send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    expect(page.locator("#drawer")).to_be_visible(visible=is_open)
    assert page.evaluate("document.getElementById('drawer').style.translate") == ""
