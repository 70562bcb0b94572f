"""A page that refreshes while someone uses it: nothing jumps, and the focus stays."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.every_state import HOST, show_every_state
from tests.e2e.installation import Installation

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Enter = Callable[..., Page]
REFRESH = """() => new Promise(done => {
    const list = document.getElementById('list');
    delete list.dataset.version;
    document.addEventListener('htmx:afterSettle', done, {once: true});
    htmx.trigger(list, 'poll');
}).then(() => true)"""
SHOW = """state => {
    Object.defineProperty(document, 'visibilityState', {get: () => state, configurable: true});
    document.dispatchEvent(new Event('visibilitychange'));
}"""
EVERY = """document.addEventListener('DOMContentLoaded', () => {{
    document.getElementById('list').dataset.every = {seconds};
}})"""
SHIFT = """new PerformanceObserver(list => list.getEntries().forEach(each => {
    if (!each.hadRecentInput) window.shift = (window.shift ?? 0) + each.value;
})).observe({type: 'layout-shift', buffered: true})"""


def test_the_chosen_state_is_in_sight(installation: Installation, enter: Enter) -> None:
    show_every_state(installation)
    page = enter()

    page.goto("/?state=current")

    expect(page.locator(".chips [aria-current]")).to_be_in_viewport(ratio=1)


def test_a_refresh_leaves_the_states_where_they_were_pushed_to(
    installation: Installation, enter: Enter
) -> None:
    show_every_state(installation)
    page = enter()
    page.locator(".chips").evaluate("chips => { chips.scrollLeft = 60; }")

    page.evaluate(REFRESH)

    assert page.locator(".chips").evaluate("chips => chips.scrollLeft") == 60


def test_a_refresh_leaves_the_focus_where_it_was(installation: Installation, enter: Enter) -> None:
    show_every_state(installation)
    page = enter()
    chip = page.locator(".chips .is-ready")
    chip.focus()

    page.evaluate(REFRESH)

    expect(chip).to_be_focused()


def test_a_page_out_of_sight_asks_for_nothing(installation: Installation, enter: Enter) -> None:
    page = enter(service_workers="block")
    page.add_init_script(EVERY.format(seconds=1))
    page.goto("/")
    asked: list[str] = []
    page.evaluate(SHOW, "hidden")

    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(3000)

    assert asked == []


def test_a_page_that_comes_into_sight_again_is_fresh_at_once(
    installation: Installation, enter: Enter
) -> None:
    page = enter()
    page.add_init_script(EVERY.format(seconds=3600))
    page.goto("/")
    page.evaluate(SHOW, "hidden")
    sha = installation.make_ready(HOST)

    page.evaluate(SHOW, "visible")

    expect(page.locator(f"a[href*='{sha}']")).to_be_visible()


def test_neither_a_visit_nor_a_refresh_shifts_what_is_read(installation: Installation, enter: Enter) -> None:
    installation.make_all_ready()
    page = enter()
    page.add_init_script(SHIFT)
    page.goto("/")

    page.evaluate(REFRESH)
    page.wait_for_timeout(500)

    assert page.evaluate("window.shift ?? 0") == 0


def test_all_of_the_list_is_reached_by_keyboard_and_seen_to_be(
    installation: Installation, enter: Enter
) -> None:
    installation.make_ready(HOST)
    page = enter()
    page.add_init_script(EVERY.format(seconds=3600))
    page.goto("/")
    there = page.locator("a[href], button, summary, input:not([type=hidden])").evaluate_all(
        "all => all.filter(each => each.checkVisibility({contentVisibilityAuto: false})).length"
    )
    reached, unseen = 0, []

    for _ in range(there):
        page.keyboard.press("Tab")
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        reached += page.evaluate("document.activeElement !== document.body")
        if outline == "none":
            unseen.append(page.evaluate("document.activeElement.outerHTML"))

    assert reached == there
    assert unseen == []
