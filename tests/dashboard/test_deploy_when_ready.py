"""Asking for a head whose image is not built yet."""

import pytest
from django.test import Client

from deployments.models import Deploy, Status
from tests.dashboard.conftest import HEAD, HOST, RUNNING, MakeSite

URL = f"/sites/{HOST}/deploy"
REQUEST = {"sha": HEAD, "seen": RUNNING, "when_ready": "on"}


@pytest.fixture(autouse=True)
def _building(make_site: MakeSite) -> None:
    make_site(head_image_built=False)


def test_the_row_leads_to_the_question(deployer: Client) -> None:
    page = deployer.get("/").text

    assert f'href="{URL}?sha={HEAD}"' in page
    assert "When ready" in page


def test_the_sites_page_has_room_for_the_whole_label(deployer: Client) -> None:
    assert ">Deploy when ready</a>" in deployer.get(f"/sites/{HOST}/").text


def test_the_sheet_asks_which_commit(deployer: Client) -> None:
    page = deployer.get(f"{URL}?sha={HEAD}").text

    assert "Deploy when ready" in page
    assert "the newest commit by then" in page


@pytest.mark.parametrize(("choice", "follows"), [("this", False), ("newest", True), ("", False)])
def test_the_answer_is_kept(deployer: Client, choice: str, follows: bool) -> None:
    response = deployer.post(URL, REQUEST | {"follow": choice})

    deploy = Deploy.objects.get()
    assert response["Location"] == f"/deploys/{deploy.pk}/"
    assert (deploy.status, deploy.follow_head, deploy.waits_for_ci) == (Status.WAITING, follows, False)


def test_without_that_choice_it_is_refused(deployer: Client) -> None:
    response = deployer.post(URL, {"sha": HEAD, "seen": RUNNING}, follow=True)

    assert "is not in the registry yet" in response.text
    assert not Deploy.objects.exists()


def test_its_page_shows_that_it_waits_and_offers_to_cancel(deployer: Client) -> None:
    page = deployer.post(URL, REQUEST | {"follow": "newest"}, follow=True).text

    assert "is not built yet. It is deployed as soon as it is." in page
    assert "that one is deployed instead" in page
    assert 'id="cancel"' in page


def test_a_cancelled_one_ended_where_it_waited(deployer: Client) -> None:
    deployer.post(URL, REQUEST)
    deploy = Deploy.objects.get()

    page = deployer.post(f"/deploys/{deploy.pk}/cancel", follow=True).text

    assert "Waiting" in page
    assert "ended here" in page


def test_a_viewer_cannot_ask_for_it(viewer: Client) -> None:
    assert viewer.post(URL, REQUEST).status_code == 403
    assert not Deploy.objects.exists()
