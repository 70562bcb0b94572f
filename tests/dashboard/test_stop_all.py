"""The global stop: one tap from every page, and one tap back."""

import pytest
from django.test import Client
from django.utils import timezone

from deployments.models import Hold, Site
from tests.dashboard.conftest import HOST

PAGES = ["/", f"/sites/{HOST}/", "/activity/"]
STOP = 'id="stop"'


@pytest.mark.parametrize("page", PAGES)
def test_every_page_has_the_stop(deployer: Client, site: Site, page: str) -> None:
    assert STOP in deployer.get(page).text


@pytest.mark.parametrize("page", PAGES)
def test_who_may_not_deploy_has_no_stop(viewer: Client, site: Site, page: str) -> None:
    assert STOP not in viewer.get(page).text


@pytest.mark.parametrize("page", PAGES)
def test_the_stop_holds_everything_and_comes_back(deployer: Client, site: Site, page: str) -> None:
    response = deployer.post("/hold", {"reason": "Stopped from the menu", "next": page})

    assert response["Location"] == page
    assert Hold.objects.get(site=None).placed_by_name == "eve"


@pytest.mark.parametrize("page", PAGES)
def test_every_page_then_resumes_with_one_tap(deployer: Client, site: Site, page: str) -> None:
    hold = Hold.objects.create(reason="Stop", placed_by_name="ada", placed_at=timezone.now())

    text = deployer.get(page).text

    assert STOP not in text
    assert f'action="/holds/{hold.pk}/resume"' in text


@pytest.mark.parametrize("there", ["https://evil.example/", "//evil.example", "javascript:alert(1)", ""])
def test_the_stop_leads_nowhere_else(deployer: Client, site: Site, there: str) -> None:
    response = deployer.post("/hold", {"reason": "Stop", "next": there})

    assert response["Location"] == "/"
