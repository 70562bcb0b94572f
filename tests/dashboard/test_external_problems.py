"""What the pages say of GitHub's limits, of renames, and of other managers of a Deployment."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from dashboard.environment import owners_tokens, web_side
from deployments.models import GitHubPause, Site
from tests.dashboard.conftest import HOST, MakeSite


@pytest.mark.parametrize("address", ["/", f"/sites/{HOST}/"])
def test_every_page_says_when_github_answers_again(deployer: Client, site: Site, address: str) -> None:
    until = timezone.now() + timedelta(minutes=14, seconds=30)
    GitHubPause.objects.create(who="GITHUB_TOKEN", until=until)

    page = deployer.get(address).text

    assert f'GitHub answers again <time datetime="{until:%Y-%m-%dT%H:%M:%SZ}"' in page
    assert ">in 14 min</time>." in page


@pytest.mark.parametrize("address", ["/", f"/sites/{HOST}/"])
@pytest.mark.parametrize(
    "met",
    [
        {"github_problem": "GitHub does not accept the token. Make a new one"},
        {"registry_problem": "gcr.io fails (503): it is asked again"},
        {"cluster_problem": "The cluster did not answer in time"},
    ],
)
def test_a_sync_says_what_it_met_on_the_page_that_requested_it(
    deployer: Client, make_site: MakeSite, address: str, met: dict[str, str]
) -> None:
    make_site(**met)

    page = deployer.get(address).text

    assert " met a problem.</b> " in page
    assert f"{next(iter(met.values()))}." in page
    assert ">Deploy</" in page


def test_what_many_sites_met_is_reported_once_with_their_number(
    deployer: Client, make_site: MakeSite
) -> None:
    for host in ("one.example.com", "two.example.com", "three.example.com"):
        make_site(host, github_problem="GitHub cannot be reached")

    page = deployer.get("/?q=one").text

    assert page.count("GitHub cannot be reached.") == 1
    assert "<b>The last check of 3 sites met a problem.</b>" in page


@pytest.mark.parametrize("address", ["/", f"/sites/{HOST}/"])
def test_what_the_answer_says_is_not_repeated(deployer: Client, make_site: MakeSite, address: str) -> None:
    make_site(github_problem="icco/cron is empty. Push a first commit to it.", repository_missing=True)

    page = deployer.get(address).text

    assert "met a problem" not in page
    assert "icco/cron is empty. Push a first commit to it." in page


def test_a_pause_that_is_over_is_not_reported(deployer: Client, site: Site) -> None:
    GitHubPause.objects.create(who="GITHUB_TOKEN", until=timezone.now())

    assert "GitHub answers again" not in deployer.get("/").text


def test_a_sites_page_warns_of_who_else_manages_it(deployer: Client, make_site: MakeSite) -> None:
    make_site(managed_by="Helm's release “blog”")

    page = deployer.get(f"/sites/{HOST}/").text

    assert "Helm&#x27;s release “blog” manages this Deployment and may undo" in page


def test_without_a_token_the_page_invents_neither_author_nor_checks(
    deployer: Client, make_site: MakeSite
) -> None:
    make_site(
        head_headline="",
        head_author="",
        head_committed_at=None,
        check_state="unknown",
        behind_by=None,
        ahead_by=None,
    )

    row, page = deployer.get("/").text, deployer.get(f"/sites/{HOST}/").text

    assert "how many commits behind is not known" in row
    assert "0 commits" not in row + page
    assert "CI not known" in page


def test_the_admin_follows_a_rename(admin_client: Client, make_site: MakeSite) -> None:
    site = make_site(name_with_owner="icco/clock")
    action = {"action": "follow_the_rename", "_selected_action": [site.pk]}

    page = admin_client.post("/admin/deployments/site/", action, follow=True).text

    site.refresh_from_db()
    assert site.repository == "clock"
    assert f"{HOST} is icco/clock now." in page
    assert f"Images of {HOST} are expected in" in page


def test_the_admin_says_when_there_is_no_rename(admin_client: Client, make_site: MakeSite) -> None:
    site = make_site(name_with_owner="icco/Cron")
    action = {"action": "follow_the_rename", "_selected_action": [site.pk]}

    page = admin_client.post("/admin/deployments/site/", action, follow=True).text

    assert "GitHub has these repositories under the same names." in page


@pytest.mark.parametrize("text", ["icco=a,acme=b", "icco=a\nacme=b\n", " icco = a , acme=b,"])
def test_tokens_are_read_by_owner(text: str) -> None:
    assert owners_tokens(text) == {"icco": "a", "acme": "b"}


@pytest.mark.parametrize(
    ("api", "web"),
    [
        ("https://api.github.com", "https://github.com"),
        ("https://git.example.com/api/v3", "https://git.example.com"),
    ],
)
def test_where_repositories_are_viewed_follows_from_the_api(api: str, web: str) -> None:
    assert web_side(api) == web
