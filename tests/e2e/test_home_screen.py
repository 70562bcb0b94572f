"""On a home screen: what a visit loads, and what is left without a network."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.installation import Installation
from tests.processes import eventually

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Enter = Callable[..., Page]
FIRST_VISIT_BYTES, HTML_BYTES = 45_000, 12_000
HOST = "cron.natwelch.com"
RULES = "navigator.serviceWorker.ready.then(() => navigator.serviceWorker.controller !== null)"
KEPT = "caches.match('/', { cacheName: 'last-list' }).then(Boolean)"
KEEP_AN_OLD_ONE = """() => caches.open("last-list").then(cache => cache.put("/", new Response(
    "<body >Old", {headers: {Date: new Date(Date.now() - 31 * 24 * 3600 * 1000).toUTCString()}})))"""
LOADED = """() => ["navigation", "resource"].flatMap(type => performance.getEntriesByType(type)).map(
    each => [new URL(each.name).origin + new URL(each.name).pathname, each.encodedBodySize, each.transferSize])"""


def wait_for(page: Page, promised: str) -> None:
    """Wait until the promise comes true: Playwright's own wait takes a promise for true, whatever it promises."""
    assert eventually(lambda: page.evaluate(promised), seconds=20)


def test_a_first_visit_is_small_and_of_one_origin(installation: Installation, enter: Enter) -> None:
    page = enter(service_workers="block")

    loaded = page.evaluate(LOADED)

    assert all(name.startswith(installation.url) for name, *_ in loaded)
    assert loaded[0][1] <= HTML_BYTES
    assert sum(size for _, size, _ in loaded) <= FIRST_VISIT_BYTES


def test_a_second_visit_loads_the_html_alone(installation: Installation, enter: Enter) -> None:
    page = enter(service_workers="block")

    page.goto("/")

    assert [name for name, _, sent in page.evaluate(LOADED) if sent] == [f"{installation.url}/"]


def test_without_a_network_the_last_list_is_shown_and_marked_as_old(
    installation: Installation, enter: Enter
) -> None:
    page = enter()
    wait_for(page, RULES)
    page.goto("/")
    wait_for(page, KEPT)

    page.context.set_offline(True)
    page.goto("/")

    expect(page.get_by_role("link", name=HOST, exact=True)).to_be_visible()
    expect(page.locator("#offline")).to_contain_text(re.compile("Offline. Last updated"))


def test_without_a_network_any_other_page_says_so(installation: Installation, enter: Enter) -> None:
    page = enter()
    wait_for(page, RULES)

    page.context.set_offline(True)
    page.goto("/activity/")

    expect(page.get_by_role("heading", name="Offline")).to_be_visible()


def test_who_logs_out_leaves_no_list_behind(installation: Installation, enter: Enter) -> None:
    page = enter()
    wait_for(page, RULES)
    page.goto("/")
    wait_for(page, KEPT)
    page.goto("/account/")
    page.get_by_role("button", name="Log out").tap()
    page.wait_for_url("**/login/**")
    wait_for(page, f"{KEPT}.then(kept => !kept)")

    page.context.set_offline(True)
    page.goto("/")

    expect(page.get_by_role("heading", name="Offline")).to_be_visible()
    expect(page.get_by_text(HOST)).to_have_count(0)


@pytest.mark.parametrize("path", ["/", f"/sites/{HOST}/", "/activity/"])
def test_whose_session_is_gone_leaves_no_list_behind(
    installation: Installation, enter: Enter, path: str
) -> None:
    page = enter()
    wait_for(page, RULES)
    page.goto("/")
    wait_for(page, KEPT)
    page.context.clear_cookies()

    page.goto(path)

    page.wait_for_url("**/login/**")
    wait_for(page, f"{KEPT}.then(kept => !kept)")


def test_a_list_that_is_older_than_any_session_is_not_shown(installation: Installation, enter: Enter) -> None:
    page = enter()
    wait_for(page, RULES)
    page.evaluate(KEEP_AN_OLD_ONE)

    page.context.set_offline(True)
    page.goto("/")

    expect(page.get_by_role("heading", name="Offline")).to_be_visible()


def test_nor_does_an_open_page_that_is_sent_to_the_login(installation: Installation, enter: Enter) -> None:
    page = enter()
    wait_for(page, RULES)
    page.goto("/")
    wait_for(page, KEPT)
    page.context.clear_cookies()

    page.evaluate("htmx.trigger(document.getElementById('list'), 'poll')")

    page.wait_for_url("**/login/**")
    wait_for(page, f"{KEPT}.then(kept => !kept)")


def test_a_post_without_a_network_is_lost_and_not_repeated(installation: Installation, enter: Enter) -> None:
    installation.make_ready(HOST)
    page = enter()
    wait_for(page, RULES)
    page.goto(f"/sites/{HOST}/deploy")

    page.context.set_offline(True)
    page.locator("#sheet").get_by_role("button", name="Deploy").tap()
    page.wait_for_timeout(500)
    page.context.set_offline(False)
    page.wait_for_timeout(1500)

    assert installation.deploys(HOST) == []


def test_an_open_page_says_that_it_is_offline_and_catches_up(
    installation: Installation, enter: Enter
) -> None:
    page = enter()

    page.context.set_offline(True)
    page.evaluate("htmx.trigger(document.getElementById('list'), 'poll')")
    expect(page.locator("#offline")).to_be_visible()
    installation.make_ready(HOST)
    page.context.set_offline(False)

    expect(page.locator("#offline")).to_be_hidden()
    expect(page.get_by_role("link", name=f"{HOST}: Deploy")).to_be_visible()
