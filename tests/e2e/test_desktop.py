"""At a desk the list is there to be read: a table, a site beside it, and keys."""

import re
from collections.abc import Callable
from itertools import combinations

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from deployments.models import Deploy, Hold, Site, StarredSite
from tests.e2e.axe import findings_on
from tests.e2e.installation import Installation
from tests.e2e.taps import action_button

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Enter = Callable[..., Page]
DESK = {"viewport": {"width": 1280, "height": 800}, "has_touch": False, "reduced_motion": "reduce"}
HOST = "cron.natwelch.com"
SEEN = """[...document.querySelectorAll(".rows > li")].filter(
    each => each.checkVisibility() && each.getBoundingClientRect().bottom <= innerHeight
).length"""


@pytest.fixture
def page(installation: Installation, enter: Enter) -> Page:
    """The list at a desk, with one site to deploy."""
    installation.make_ready(HOST)
    return enter("root", **DESK)


def row(page: Page, host: str):
    return page.locator("#list").get_by_role("link", name=host, exact=True)


def test_twenty_sites_are_seen_at_once_each_with_its_commits(page: Page) -> None:
    line = row(page, HOST).locator("xpath=ancestor::li")

    expect(line.locator(".runs")).to_contain_text("→")
    expect(line.locator(".ci")).to_be_visible()
    assert page.evaluate(SEEN) >= 20


def test_nothing_in_the_header_or_the_table_covers_or_cuts_off_something_else(page: Page) -> None:
    wrong = [width for width in (1024, 1180, 1216, 1280) if is_covered_or_cut_off(page, width)]

    assert wrong == []


def is_covered_or_cut_off(page: Page, width: int) -> bool:
    page.set_viewport_size({"width": width, "height": 800})
    boxes = [page.locator(each).bounding_box() for each in (".tabs", ".find input", ".find .act", "#synced")]
    button = action_button(page, HOST, "Deploy").bounding_box()
    return button["x"] + button["width"] > width or any(
        overlap(one, other) for one, other in combinations(boxes, 2)
    )


def overlap(one, other) -> bool:
    return all(
        one[start] < other[start] + other[size] and other[start] < one[start] + one[size]
        for start, size in (("x", "width"), ("y", "height"))
    )


def test_a_site_opens_beside_the_list_and_the_way_back_closes_it(page: Page) -> None:
    row(page, HOST).click()
    beside = page.get_by_role("region", name="Site", exact=True)
    expect(beside.get_by_role("heading", name=HOST)).to_be_visible()
    expect(row(page, HOST)).to_be_visible()
    expect(page).to_have_url(re.compile(rf"/sites/{HOST}/$"))

    page.reload()
    expect(beside.get_by_role("heading", name=HOST)).to_be_visible()
    expect(row(page, HOST)).to_have_attribute("aria-current", "true")

    page.go_back()
    expect(beside).to_have_count(0)
    expect(row(page, HOST)).to_be_visible()


def test_a_site_far_down_the_list_is_shown_there_without_hiding_the_header(page: Page) -> None:
    path = page.locator("#list .rows a[id^='s-']").nth(17).get_attribute("href")

    page.goto(path or "")

    expect(page.locator("#pane-list .rows [aria-current]")).to_be_in_viewport()
    assert page.evaluate("scrollY") == 0


def test_a_site_beside_the_list_stays_fresh(page: Page) -> None:
    row(page, HOST).click()
    state = page.locator("#pane-site .answer .state")
    expect(state).to_contain_text("eady")
    site = Site.objects.get(name=HOST)
    Hold.objects.create(site=site, reason="Wait", placed_by_name="nat", placed_at=timezone.now())

    expect(state).to_contain_text(re.compile("held|hold", re.IGNORECASE))


def test_beside_a_site_the_list_scrolls_to_its_last_row_and_the_page_does_not(page: Page) -> None:
    row(page, HOST).click()
    expect(page.locator("#pane-site h1")).to_be_visible()

    page.locator("#pane-list").hover()
    page.mouse.wheel(0, 10_000)

    expect(page.locator("#pane-list .rows > li").last).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")


def test_keys_move_open_and_ask_but_never_deploy(page: Page) -> None:
    page.keyboard.press("j")
    first = page.evaluate("document.activeElement.id")
    page.keyboard.press("j")
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.id") == first

    row(page, HOST).focus()
    page.keyboard.press("Enter")
    expect(page.locator("#pane-site").get_by_role("heading", name=HOST)).to_be_visible()
    page.keyboard.press("d")

    expect(page.locator("#sheet").get_by_role("button", name="Deploy")).to_be_visible()
    assert not Deploy.objects.exists()


def test_keys_are_left_alone_in_fields_with_modifiers_and_where_they_are_turned_off(page: Page) -> None:
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("jd?")
    expect(page.get_by_role("searchbox")).to_have_value("jd?")
    page.get_by_role("searchbox").blur()

    page.keyboard.press("Control+j")
    page.keyboard.press("Alt+d")
    assert page.evaluate("document.activeElement === document.body")

    page.keyboard.press("?")
    page.get_by_label("Use these keys in this browser").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    assert not page.evaluate("document.activeElement.id === 'q'")


@pytest.mark.parametrize("with_script", [True, False], ids=["script", "plain"])
def test_stars_and_sorting_work_with_and_without_script(
    installation: Installation, enter: Enter, *, with_script: bool
) -> None:
    page = enter("root", **DESK, java_script_enabled=with_script)
    last = page.locator(".rows > li").last
    name = last.locator("b").text_content()

    last.get_by_role("button", name=f"Star {name}").click()
    expect(page.get_by_role("heading", name="Starred")).to_be_visible()
    page.get_by_role("link", name="Author").click()

    expect(page.locator(".rows > li").first.locator("b")).to_have_text(name)
    assert StarredSite.objects.get().site.name == name


def test_axe_finds_nothing_in_panes_and_keys(page: Page) -> None:
    row(page, HOST).click()
    expect(page.locator("#pane-site h1")).to_be_visible()
    beside = findings_on(page)

    page.keyboard.press("?")
    expect(page.get_by_role("heading", name="Keys")).to_be_visible()

    assert [*beside, *findings_on(page)] == []
