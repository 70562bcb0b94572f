"""axe finds nothing on any page, in either theme, on a phone and on a desktop."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from deployments.models import Site
from tests.e2e.house import House
from tests.e2e.thumb import offer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]
Enter = Callable[..., Page]
HOST = "cron.natwelch.com"
PAGES = [
    "/",
    "/?q=nothing-like-it",
    "/activity/",
    "/me/notifications/",
    "/deploy-all/",
    f"/sites/{HOST}/",
    f"/sites/{HOST}/deploy",
    "/offline",
    "/no-such-page",
    "/admin/",
    "/admin/deployments/site/",
    "/admin/deployments/site/add/",
]
TAGS = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}


def findings_on(page: Page) -> list[str]:
    found = Axe().run(page, options=TAGS).response["violations"]
    return [f"{page.url} {each['id']}: {node['html'][:200]}" for each in found for node in each["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_nothing(house: House, enter: Enter, scheme: str, width: int) -> None:
    house.make_ready(HOST)
    page = enter(
        "root", color_scheme=scheme, viewport={"width": width, "height": 844}, reduced_motion="reduce"
    )
    findings = []

    for path in [*PAGES, f"/admin/deployments/site/{Site.objects.get(host=HOST).pk}/change/"]:
        page.goto(path)
        findings += findings_on(page)
    page.goto("/")
    offer(page, HOST, "Deploy").click()
    expect(page.locator("#sheet")).to_be_visible()
    findings += findings_on(page)

    assert findings == []


def test_a_deploy_by_keyboard_alone_and_its_end_is_announced(house: House, enter: Enter) -> None:
    house.make_ready(HOST)
    page = enter()

    offer(page, HOST, "Deploy").focus()
    page.keyboard.press("Enter")
    button = page.locator("#sheet").get_by_role("button", name="Deploy")
    expect(button).to_be_visible()
    while not button.evaluate("element => element === document.activeElement"):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/deploys/*/")

    expect(page.locator("#say")).to_contain_text("Succeeded", timeout=45_000)


def test_escape_closes_the_sheet_and_leads_back_to_its_button(house: House, enter: Enter) -> None:
    house.make_ready(HOST)
    page = enter()

    offer(page, HOST, "Deploy").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#sheet")).to_be_visible()
    page.keyboard.press("Escape")

    expect(page.locator("#drawer")).not_to_be_visible()
    expect(offer(page, HOST, "Deploy")).to_be_focused()
