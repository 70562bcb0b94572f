"""A tap after the session's end: nothing is done, and the login leads to the page that asks for the same."""

from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from deployments.models import Deploy, Site
from tests.dashboard.conftest import HEAD, HOST

LOGGED_OUT = "You were logged out. Nothing was deployed or changed."


def led_to(answer) -> str:
    return parse_qs(urlsplit(answer["Location"]).query)["next"][0]


@pytest.mark.parametrize(
    ("address", "body", "page"),
    [
        (f"/sites/{HOST}/deploy", {"sha": HEAD}, f"/sites/{HOST}/deploy?sha={HEAD}&unsent=1"),
        (f"/sites/{HOST}/restart", {}, f"/sites/{HOST}/restart?unsent=1"),
        ("/deploy-all/", {"item": f"{HOST} {HEAD}"}, "/deploy-all/?unsent=1"),
        (f"/sites/{HOST}/sync", {}, f"/sites/{HOST}/?unsent=1"),
        ("/hold", {"reason": "Wait"}, f"/sites/{HOST}/?unsent=1"),
        ("/first-start/sites", {}, "/first-start/?unsent=1"),
        ("/admin/deployments/site/1/change/", {}, f"/sites/{HOST}/?unsent=1"),
    ],
)
def test_the_login_leads_to_the_page_that_asks_for_the_same(
    stranger: Client, site: Site, address: str, body: dict[str, str], page: str
) -> None:
    answer = stranger.post(address, body, headers={"Referer": f"https://headway.example/sites/{HOST}/"})

    assert led_to(answer) == page
    assert not Deploy.objects.exists()


def test_login_and_dialog_say_that_nothing_was_deployed(
    stranger: Client, deployer: Client, site: Site
) -> None:
    answer = stranger.post(f"/sites/{HOST}/deploy", {"sha": HEAD})

    login, dialog = stranger.get(answer["Location"]).text, deployer.get(led_to(answer)).text

    assert LOGGED_OUT in login
    assert LOGGED_OUT in dialog
    assert f'name="sha" value="{HEAD}"' in dialog
    assert LOGGED_OUT not in deployer.get(f"/sites/{HOST}/deploy").text


def test_a_dialog_that_is_opened_after_the_session_s_end_is_opened_by_the_login(stranger: Client) -> None:
    answer = stranger.get(
        f"/sites/{HOST}/deploy?sha={HEAD}",
        headers={"HX-Request": "true", "HX-Target": "drawer", "HX-Current-URL": "https://headway.example/"},
    )

    assert parse_qs(urlsplit(answer["HX-Redirect"]).query)["next"] == [f"/sites/{HOST}/deploy?sha={HEAD}"]


@pytest.mark.parametrize("referer", ["", "https://[broken", "mailto:"])
def test_without_a_page_before_it_the_login_leads_to_the_list(stranger: Client, referer: str) -> None:
    assert led_to(stranger.post("/hold", headers={"Referer": referer})) == "/?unsent=1"


@pytest.mark.parametrize("path", [f"/sites/{HOST}/edit", "/admin/deployments/site/add/"])
def test_a_form_says_so_too_in_the_admin_as_well(admin_client: Client, site: Site, path: str) -> None:
    answer = Client().post(path, headers={"Referer": f"https://headway.example{path}"})

    login = Client().get(answer["Location"]).text
    page = admin_client.get(led_to(answer), follow=True).text

    assert led_to(answer) == f"{path}?unsent=1"
    assert LOGGED_OUT in login
    assert LOGGED_OUT in page
    assert LOGGED_OUT not in admin_client.get(path).text
