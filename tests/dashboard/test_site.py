"""One site's page."""

import re
from datetime import UTC, datetime

import pytest
from django.test import Client

from deployments.models import CommitRange, Site
from tests.dashboard.conftest import HEAD, HOST, RUNNING, MakeSite


def test_the_page_says_what_runs_and_what_is_newest(deployer: Client, site: Site) -> None:
    page = deployer.get(f"/sites/{HOST}/").text

    assert f"<code>{RUNNING[:7]}</code>" in page
    assert f"<code>{HEAD[:7]}</code>" in page
    assert "https://github.com/icco/cron" in page


@pytest.mark.parametrize(
    ("path", "part"),
    [
        (f"/sites/{HOST}/", "/"),
        (f"/sites/{HOST}/deploy", "/"),
        ("/deploy-all/", "/"),
        ("/audit/", "/activity/"),
    ],
)
def test_the_bar_says_in_which_part_one_is(admin_client: Client, site: Site, path: str, part: str) -> None:
    bar = admin_client.get(path).text.partition('<nav class="tabs"')[2].partition("</nav>")[0]

    assert re.findall(r'href="([^"]+)"\s+aria-current', bar) == [part]


def test_commits_that_are_not_fetched_yet_are_said_to_be_on_their_way(deployer: Client, site: Site) -> None:
    page = deployer.get(f"/sites/{HOST}/").text

    assert "Loading the list of commits." in page
    assert 'data-every="4"' in page


def test_a_long_range_shows_how_many_commits_there_are(deployer: Client, site: Site) -> None:
    commit = {
        "sha": HEAD,
        "headline": "Fix <it>",
        "author": "Ada",
        "committed_at": "2026-11-01T10:00:00+00:00",
        "url": "",
    }
    CommitRange.objects.create(
        owner="icco", repository="cron", base=RUNNING, head=HEAD, total=300, commits=[commit]
    )

    page = deployer.get(f"/sites/{HOST}/").text

    assert "Fix &lt;it&gt;" in page
    assert "The newest 1 of 300 commits." in page


@pytest.mark.parametrize("url", ["javascript:alert(1)", "http://github.com/a", "//evil.example/", None])
def test_a_commit_that_leads_nowhere_safe_is_no_link(deployer: Client, site: Site, url: str | None) -> None:
    commit = {
        "sha": HEAD,
        "headline": "Fix it",
        "author": "Ada",
        "committed_at": "2026-11-01T10:00:00+00:00",
        "url": url,
    }
    CommitRange.objects.create(
        owner="icco", repository="cron", base=RUNNING, head=HEAD, total=1, commits=[commit]
    )

    page = deployer.get(f"/sites/{HOST}/").text

    assert "Fix it" in page
    assert f'href="{url}"' not in page


def test_a_viewer_reads_why_there_is_no_button(viewer: Client, site: Site) -> None:
    page = viewer.get(f"/sites/{HOST}/").text

    assert "You can view this site, but not deploy it." in page
    assert f"/sites/{HOST}/deploy" not in page


def test_only_staff_is_offered_to_edit_the_mapping(
    deployer: Client, admin_client: Client, site: Site
) -> None:
    address = f"/sites/{HOST}/edit"

    assert address in admin_client.get(f"/sites/{HOST}/").text
    assert address not in deployer.get(f"/sites/{HOST}/").text


def test_a_host_in_capitals_leads_to_the_one_address(deployer: Client, site: Site) -> None:
    response = deployer.get("/sites/CRON.Example.com/")

    assert (response.status_code, response["Location"]) == (301, f"/sites/{HOST}/")


@pytest.mark.parametrize(
    "host", ["unknown.example.com", "-cron.example.com", "cron..example.com", "a" * 64, "a." * 130 + "a"]
)
def test_a_host_that_is_no_site_is_404(deployer: Client, site: Site, host: str) -> None:
    response = deployer.get(f"/sites/{host}/")

    assert response.status_code == 404
    assert "Page not found" in response.text


def test_an_unchanged_page_is_not_sent_again(deployer: Client, site: Site) -> None:
    first = deployer.get(f"/sites/{HOST}/", headers={"HX-Request": "true"})

    second = deployer.get(f"/sites/{HOST}/", headers={"HX-Request": "true", "If-None-Match": first["ETag"]})

    assert second.status_code == 304


@pytest.mark.parametrize(
    ("check_state", "word"),
    [
        ("success", "CI passed, image built"),
        ("failure", "CI failed, image built"),
        ("pending", "CI not finished, image built"),
        ("none", "No CI, image built"),
        ("unknown", "CI not known, image built"),
    ],
)
def test_the_page_says_how_ci_went(
    deployer: Client, make_site: MakeSite, check_state: str, word: str
) -> None:
    make_site(check_state=check_state)

    assert word in deployer.get(f"/sites/{HOST}/").text


@pytest.mark.parametrize(
    "unseen", [{"workload_missing": "No such Deployment."}, {"cluster_observed_at": None}]
)
def test_pods_that_nobody_saw_are_not_counted(
    deployer: Client, make_site: MakeSite, unseen: dict[str, str | None]
) -> None:
    make_site(ready=0, wanted=0, **unseen)

    assert "pods ready" not in deployer.get(f"/sites/{HOST}/").text


def test_a_site_without_its_own_branch_is_said_to_follow_the_default_one(
    deployer: Client, site: Site
) -> None:
    assert "its default branch" in deployer.get(f"/sites/{HOST}/").text


@pytest.mark.parametrize(
    ("seen", "stated"),
    [
        ({}, f"on. The next sync deploys {HEAD[:7]}."),
        (
            {"running_sha": HEAD, "desired_sha": HEAD, "behind_by": 0},
            f"on. Runs the newest commit, {HEAD[:7]}.",
        ),
    ],
)
def test_a_site_with_auto_deploy_says_so(
    deployer: Client, make_site: MakeSite, seen: dict[str, str | int], stated: str
) -> None:
    site = make_site(**seen)
    Site.objects.filter(pk=site.pk).update(auto_deploy=True)

    assert f"<b>Auto-deploy:</b> {stated}" in deployer.get(f"/sites/{HOST}/").text


def test_a_message_shows_times_in_the_viewers_zone(deployer: Client, make_site: MakeSite) -> None:
    by_another = {"desired_image": "elsewhere/app:1", "desired_by": "kubectl-edit"}
    make_site(**by_another, desired_at=datetime(2026, 11, 25, 23, 30, tzinfo=UTC))
    deployer.cookies["tz"] = "Asia/Tokyo"

    for address in ("/", f"/sites/{HOST}/"):
        page = deployer.get(address).text
        assert "kubectl-edit set that image on 26 November 2026, 08:30 JST." in page
