"""On a phone, on a small one, and with large letters, every page leaves a thumb its room."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.e2e.furniture import furnish
from tests.e2e.house import House
from tests.e2e.pages import HOUSE, SITES
from tests.e2e.room import cramped_on

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("width", [320, 390])
def test_a_thumb_has_its_room_on_every_page(house: House, enter: Callable[..., Page], width: int) -> None:
    keys = furnish(house)
    page = enter("root", viewport={"width": width, "height": 844}, has_touch=True)
    cramped = []

    for path in [*SITES, *HOUSE]:
        page.goto(path.format_map(keys))
        cramped += cramped_on(page)

    assert cramped == []


def test_letters_twice_as_large_have_their_room_too(house: House, enter: Callable[..., Page]) -> None:
    keys = furnish(house)
    page = enter("root")
    page.context.new_cdp_session(page).send("Page.setFontSizes", {"fontSizes": {"standard": 32}})
    cramped = []

    for path in [*SITES, *HOUSE]:
        page.goto(path.format_map(keys))
        cramped += cramped_on(page)

    assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == "32px"
    assert cramped == []
