"""With large letters, too, every page has room to tap."""

from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page

from deployments.models import Discovery
from deployments.operations.first_start.apps import FoundApp
from tests.e2e.every_state import show_every_state
from tests.e2e.installation import Installation
from tests.e2e.pages import INSTALLATION, SITES
from tests.e2e.tap_targets import cramped_on

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_letters_twice_as_large_have_their_room(
    installation: Installation, enter: Callable[..., Page]
) -> None:
    keys = show_every_state(installation)
    find_three_pages()
    page = enter("root")
    page.context.new_cdp_session(page).send("Page.setFontSizes", {"fontSizes": {"standard": 32}})
    cramped = []

    for path in [*SITES, *INSTALLATION, "/first-start/?page=2"]:
        page.goto(path.format_map(keys))
        cramped += cramped_on(page)

    assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == "32px"
    assert cramped == []


def find_three_pages() -> None:
    apps = [
        FoundApp(
            key=f"aa{number}",
            name=f"app-{number}",
            workloads="Deployment default/app",
            image="gcr.io/p/app:1",
        )
        for number in range(201)
    ]
    Discovery.record(finished_at=timezone.now(), steps=[], apps=[each.as_dict() for each in apps])
