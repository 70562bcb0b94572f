"""The page of a site that fell without a Deploy: why, its pods, its log, and what helps."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from deployments.models import Site, Status
from tests.dashboard.conftest import HOST, RUNNING, MakeSite
from tests.dashboard.test_deploy import make_deploy

URL = f"/sites/{HOST}/"
OLDER = "c" * 40


@pytest.fixture
def _down(make_site: MakeSite) -> None:
    created_at = (timezone.now() - timedelta(minutes=12)).isoformat()
    make_site(
        ready=0,
        running_sha="",
        outage_reason="crash",
        outage_message="Container “cron” keeps crashing (exit code 2, 4 restarts). Read its log.",
        outage_log="panic: <board> is nil",
        outage_pods=[
            {
                "name": "cron-5d4f8c7b9-x2k4p",
                "status": "CrashLoopBackOff",
                "restarts": 4,
                "created_at": created_at,
            }
        ],
    )


@pytest.mark.usefixtures("_down")
def test_it_shows_the_reason_the_pods_and_the_log(deployer: Client) -> None:
    page = deployer.get(URL).text

    for shown in (
        "keeps crashing",
        "CrashLoopBackOff",
        "4 restarts",
        "cron-5d4f8c7b9-x2k4p",
        "12 min",
    ):
        assert shown in page
    assert "panic: &lt;board&gt; is nil" in page


@pytest.mark.usefixtures("_down")
def test_it_offers_a_restart_and_no_sync(deployer: Client) -> None:
    page = deployer.get(URL).text

    assert f'href="{URL}restart"' in page.partition('class="answer')[2].partition("</section>")[0]
    assert f'action="{URL}sync"' not in page


@pytest.mark.usefixtures("_down")
def test_it_offers_both_ways_where_there_is_one_back(deployer: Client) -> None:
    site = Site.objects.get()
    now = timezone.now()
    image = f"{site.expected_repository}:{RUNNING}"
    last = make_deploy(
        site, sha=RUNNING, from_sha=OLDER, image=image, status=Status.SUCCEEDED, finished_at=now
    )
    site.observation.latest_deploy = last
    site.observation.save()

    answer = deployer.get(URL).text.partition('class="answer')[2].partition("</section>")[0]

    assert f'href="{URL}rollback?sha={OLDER}"' in answer
    assert f'href="{URL}restart"' in answer


@pytest.mark.usefixtures("_down")
def test_who_may_not_deploy_reads_it_and_has_no_button(viewer: Client) -> None:
    page = viewer.get(URL).text

    assert "CrashLoopBackOff" in page
    assert f"{URL}restart" not in page


@pytest.mark.usefixtures("_down")
def test_the_list_offers_the_restart_and_says_why(deployer: Client) -> None:
    page = deployer.get("/").text

    assert f'href="{URL}restart"' in page
    assert "keeps crashing" in page


def test_a_sound_site_shows_no_log_and_the_pods_only_once_they_are_checked(
    deployer: Client, make_site: MakeSite
) -> None:
    make_site()

    page = deployer.get(URL).text

    assert "Check the pods" in page
    assert "Last log lines" not in page
