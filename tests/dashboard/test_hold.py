"""Holding and resuming."""

import pytest
from django.test import Client
from django.utils import timezone

from deployments.models import Hold, Site
from tests.dashboard.conftest import HEAD, HOST

URL = f"/sites/{HOST}/hold"


@pytest.fixture
def hold(site: Site) -> Hold:
    return Hold.objects.create(site=site, reason="Migration", placed_by_name="ada", placed_at=timezone.now())


def test_a_site_is_held_with_a_reason(deployer: Client, site: Site) -> None:
    response = deployer.post(URL, {"reason": "Migration"})

    hold = Hold.objects.get()
    assert response["Location"] == f"/sites/{HOST}/"
    assert (hold.site, hold.sha, hold.reason, hold.placed_by_name, hold.until) == (
        site,
        "",
        "Migration",
        "eve",
        None,
    )


def test_one_commit_can_be_held(deployer: Client, site: Site) -> None:
    deployer.post(URL, {"reason": "Broken", "sha": HEAD})

    assert Hold.objects.get().sha == HEAD


def test_everything_can_be_held(deployer: Client, site: Site) -> None:
    response = deployer.post("/hold", {"reason": "Moving house", "sha": HEAD})

    hold = Hold.objects.get()
    assert response["Location"] == "/"
    assert (hold.site, hold.sha) == (None, "")


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501])
def test_a_hold_needs_a_reason_that_fits(deployer: Client, site: Site, reason: str) -> None:
    response = deployer.post(URL, {"reason": reason}, follow=True)

    assert "note error" in response.text
    assert not Hold.objects.exists()


def test_a_second_hold_is_refused_with_a_sentence(deployer: Client, hold: Hold) -> None:
    response = deployer.post(URL, {"reason": "Again"}, follow=True)

    assert "This is on hold already" in response.text
    assert Hold.objects.count() == 1


def test_resuming_lifts_the_hold(deployer: Client, hold: Hold) -> None:
    response = deployer.post(f"/holds/{hold.pk}/resume")

    hold.refresh_from_db()
    assert response["Location"] == f"/sites/{HOST}/"
    assert hold.resumed_by_name == "eve"


def test_a_held_row_offers_to_resume(deployer: Client, hold: Hold) -> None:
    assert f'action="/holds/{hold.pk}/resume"' in deployer.get("/").text


def test_resuming_twice_changes_nothing(deployer: Client, hold: Hold) -> None:
    deployer.post(f"/holds/{hold.pk}/resume")
    resumed_at = Hold.objects.get().resumed_at

    deployer.post(f"/holds/{hold.pk}/resume")

    assert Hold.objects.get().resumed_at == resumed_at


def test_a_hold_that_is_not_there_is_404(deployer: Client) -> None:
    assert deployer.post("/holds/999/resume").status_code == 404


@pytest.mark.parametrize("url", [URL, "/hold", "/holds/1/resume"])
def test_a_viewer_cannot_hold_or_resume(viewer: Client, site: Site, url: str) -> None:
    assert viewer.post(url, {"reason": "No"}).status_code == 403
    assert not Hold.objects.exists()
