"""Other commits than the newest: what is ready below it, and any that is known."""

import re
from uuid import uuid4

import pytest
from django.test import Client

from deployments.models import BatchItem, CommitRange, Deploy, Hold, Observation, Site
from tests.dashboard.conftest import HEAD, HOST, RUNNING, MakeSite

BUILT, SIDE, OLDER, OLDEST = "b7" * 20, "5e" * 20, "01" * 20, "02" * 20
URL = f"/sites/{HOST}/deploy"
BELOW = {
    "head_image_built": False,
    "built_sha": BUILT,
    "built_from_sha": RUNNING,
    "built_headline": "Cache the feed",
    "built_check_state": "success",
    "behind_by": 3,
}


def commit(sha: str, headline: str, *parents: str) -> dict[str, object]:
    return {
        "sha": sha,
        "headline": headline,
        "author": "nat",
        "committed_at": None,
        "url": "",
        "parents": parents,
    }


def keep(site: Site, base: str, head: str, *commits: dict[str, object]) -> None:
    CommitRange.objects.create(
        owner=site.owner,
        repository=site.repository,
        base=base,
        head=head,
        total=len(commits),
        commits=commits,
    )


@pytest.fixture
def site(make_site: MakeSite) -> Site:
    """What runs came after two commits, and three came after it: one of them from a side branch that began before."""
    site = make_site(HOST, **BELOW)
    keep(
        site,
        RUNNING,
        HEAD,
        commit(HEAD, "[skip ci] Merge", BUILT, SIDE),
        commit(BUILT, "Cache the feed", RUNNING),
        commit(SIDE, "Aside", OLDER),
    )
    keep(
        site,
        OLDEST,
        RUNNING,
        commit(RUNNING, "Say hello", OLDER),
        commit(OLDER, "Say hi", OLDEST),
    )
    return site


def places(page: str) -> dict[str, str]:
    """What is said of each commit on offer, by its seven digits."""
    return {
        found[1]: found[2].strip()
        for found in re.finditer(
            r"deploy\?sha=[0-9a-f]{40}\"><code>([0-9a-f]{7})</code></a> · ([^<]*)</i>", page
        )
    }


@pytest.mark.usefixtures("site")
def test_the_site_s_page_offers_what_is_ready_and_waits_for_the_newest(deployer: Client) -> None:
    page = deployer.get(f"/sites/{HOST}/").text

    assert f"{BUILT[:7]} is ready; the newest, {HEAD[:7]}, has no image." in page
    assert f'name="sha" value="{BUILT}"' in page
    assert f'href="{URL}?sha={HEAD}">Deploy {HEAD[:7]} when ready</a>' in page


@pytest.mark.usefixtures("site")
def test_each_known_commit_says_how_far_it_is_from_what_runs(deployer: Client) -> None:
    found = places(deployer.get(f"/sites/{HOST}/").text)

    assert found == {
        BUILT[:7]: "1 commit ahead, 2 behind the newest · built",
        OLDER[:7]: "1 commit behind",
    }


@pytest.mark.usefixtures("site")
def test_someone_who_may_not_deploy_sees_the_commits_and_no_way_to_deploy_them(viewer: Client) -> None:
    page = viewer.get(f"/sites/{HOST}/").text

    assert places(page) == {}
    assert "1 commit behind" in page


@pytest.mark.usefixtures("site")
def test_the_dialog_of_an_older_commit_says_what_ships_and_what_is_skipped(deployer: Client) -> None:
    page = deployer.get(f"{URL}?sha={BUILT}").text

    assert "Skips 2 newer commits, up to" in page
    assert "Cache the feed" in page
    assert "Aside" not in page
    assert "stops running" not in page


@pytest.mark.usefixtures("site")
def test_the_dialog_of_a_commit_before_what_runs_says_what_is_taken_back(deployer: Client) -> None:
    page = deployer.get(f"{URL}?sha={OLDER}").text

    assert "Deploying will remove 1 commit." in page
    assert "Say hi" in page


@pytest.mark.usefixtures("site")
def test_the_dialog_of_a_commit_beside_what_runs_says_that_something_stops(deployer: Client) -> None:
    page = deployer.get(f"{URL}?sha={SIDE}").text

    assert f"Commits after {SIDE[:7]} will be removed" in page


@pytest.mark.usefixtures("site")
def test_any_of_them_is_requested_with_its_headline(deployer: Client) -> None:
    deployer.post(URL, {"sha": OLDER, "seen": RUNNING})

    deploy = Deploy.objects.get()
    assert (deploy.sha, deploy.headline) == (OLDER, "Say hi")


@pytest.mark.usefixtures("site")
def test_the_deploy_s_page_lists_what_it_ships(deployer: Client) -> None:
    deployer.post(URL, {"sha": BUILT, "seen": RUNNING})

    page = deployer.get(f"/deploys/{Deploy.objects.get().pk}/").text

    assert "Cache the feed" in page
    assert "Aside" not in page
    assert "The list of commits is on its way" not in page


def test_a_hold_on_it_stops_it_as_any_commit(deployer: Client, site: Site) -> None:
    deployer.post(f"/sites/{HOST}/hold", {"reason": "Wait", "sha": BUILT})

    page = deployer.post(URL, {"sha": BUILT, "seen": RUNNING}, follow=True).text

    assert f"Commit {BUILT[:7]} is on hold (by eve)" in page
    assert not Deploy.objects.filter(site=site).exists()


def test_deploy_all_ships_what_is_ready(deployer: Client, site: Site) -> None:
    page = deployer.get("/deploy-all/").text

    assert f"{HOST} {BUILT} {RUNNING}" in page
    assert "Cache the feed" in page
    deployer.post("/deploy-all/", {"item": f"{HOST} {BUILT} {RUNNING}", "key": str(uuid4())})
    assert BatchItem.objects.get().sha == BUILT


def test_a_hold_on_the_newest_leaves_what_is_ready_on_offer(deployer: Client, site: Site) -> None:
    deployer.post(f"/sites/{HOST}/hold", {"reason": "Wait", "sha": HEAD})

    assert Hold.objects.get().sha == HEAD
    assert f'name="sha" value="{BUILT}"' in deployer.get(f"/sites/{HOST}/").text


def test_what_was_found_for_another_running_commit_is_not_on_offer(deployer: Client, site: Site) -> None:
    Observation.objects.filter(site=site).update(built_from_sha=OLDER)

    assert f'name="sha" value="{BUILT}"' not in deployer.get(f"/sites/{HOST}/").text
