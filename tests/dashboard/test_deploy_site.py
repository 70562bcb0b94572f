"""Tapping Deploy."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from deployments.models import Deploy, Hold, Site
from tests.dashboard.conftest import HEAD, HOST, RUNNING, MakeSite

URL = f"/sites/{HOST}/deploy"


@pytest.fixture
def form() -> dict[str, Any]:
    return {"sha": HEAD, "seen": RUNNING, "key": str(uuid4())}


def test_a_tap_asks_for_the_deploy_and_leads_to_it(
    deployer: Client, site: Site, form: dict[str, Any]
) -> None:
    response = deployer.post(URL, form)

    deploy = Deploy.objects.get()
    assert response["Location"] == f"/deploys/{deploy.pk}/"
    assert (deploy.sha, deploy.requested_by_name, deploy.trigger) == (HEAD, "eve", "person")


def test_a_double_tap_leads_to_the_first_deploy(deployer: Client, site: Site, form: dict[str, Any]) -> None:
    first = deployer.post(URL, form)

    second = deployer.post(URL, form)

    assert second["Location"] == first["Location"]
    assert Deploy.objects.count() == 1


def test_one_page_can_deploy_two_sites(deployer: Client, make_site: MakeSite, form: dict[str, Any]) -> None:
    make_site(HOST)
    make_site("blog.example.com")

    deployer.post(URL, form)
    deployer.post("/sites/blog.example.com/deploy", form)

    assert Deploy.objects.count() == 2


def test_a_stale_page_is_refused_with_a_sentence(deployer: Client, site: Site, form: dict[str, Any]) -> None:
    response = deployer.post(URL, form | {"seen": "c" * 40}, follow=True)

    assert "The deployed commit changed" in response.text
    assert response.redirect_chain == [(f"/sites/{HOST}/", 302)]
    assert not Deploy.objects.exists()


def test_red_ci_needs_to_be_accepted(deployer: Client, make_site: MakeSite, form: dict[str, Any]) -> None:
    make_site(check_state="failure")

    refused = deployer.post(URL, form, follow=True)
    assert "CI failed" in refused.text
    assert not Deploy.objects.exists()

    deployer.post(URL, form | {"accept_red": "on"})
    assert Deploy.objects.exists()


def test_the_sheet_says_what_is_skipped_and_accepts_it(deployer: Client, make_site: MakeSite) -> None:
    make_site(check_state="failure")

    page = deployer.get(f"{URL}?sha={HEAD}").text

    assert "Deploying anyway ignores that." in page
    assert 'name="accept_red"' in page


def test_the_sheet_of_a_green_head_accepts_nothing(deployer: Client, site: Site) -> None:
    page = deployer.get(URL).text

    assert f'name="sha" value="{HEAD}"' in page
    assert 'name="accept_red"' not in page


def test_the_sheet_names_a_hold(deployer: Client, site: Site) -> None:
    Hold.objects.create(
        site=site, reason="Database migration", placed_by_name="ada", placed_at=timezone.now()
    )

    assert "This site is on hold (by ada): Database migration. Resume it first." in deployer.get(URL).text


def test_a_question_under_a_hold_offers_to_resume_and_not_what_would_be_refused(
    deployer: Client, site: Site
) -> None:
    hold = Hold.objects.create(site=site, reason="Move", placed_by_name="ada", placed_at=timezone.now())

    page = deployer.get(URL).text

    assert f'action="/holds/{hold.pk}/resume"' in page
    assert f'action="{URL}"' not in page


def test_the_sheet_says_that_it_leads_back(deployer: Client, site: Site) -> None:
    assert "This is not the newest commit." in deployer.get(f"{URL}?sha={'d' * 40}").text


def test_a_form_without_a_commit_is_refused_with_a_sentence(deployer: Client, site: Site) -> None:
    response = deployer.post(URL, {"sha": "main"}, follow=True)

    assert "This page was out of date." in response.text
    assert not Deploy.objects.exists()


def test_a_viewer_reads_who_can_grant_it(
    viewer: Client, admin_user: object, site: Site, form: dict[str, Any]
) -> None:
    response = viewer.post(URL, form)

    assert response.status_code == 403
    assert "Ask admin for permission to deploy" in response.text
    assert not Deploy.objects.exists()


def test_a_stranger_is_led_to_the_login_and_then_to_the_sheet(
    stranger: Client, site: Site, form: dict[str, Any]
) -> None:
    response = stranger.post(URL, form)

    assert response["Location"] == f"/login/?next={URL}%3Fsha%3D{HEAD}%26unsent%3D1"
    assert not Deploy.objects.exists()


def test_a_post_without_the_token_is_refused_with_what_to_do(
    person: object, site: Site, form: dict[str, Any]
) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(person)  # type: ignore[arg-type]

    response = client.post(URL, form)

    assert response.status_code == 403
    assert "Reload the page and try again" in response.text


def test_a_site_that_is_not_there_is_404(deployer: Client, form: dict[str, Any]) -> None:
    assert deployer.post(URL, form).status_code == 404
