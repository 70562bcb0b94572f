"""What a page's refresh costs, and when it brings something."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from time import sleep
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import Schedule

from dashboard.live import version_of
from deployments.models import CommitRange, Deploy, Hold, Observation, Site, Status, SyncRun
from deployments.queries import change_token, read_row_versions, system_status
from tests.dashboard.conftest import HEAD, RUNNING
from tests.factories import make_user

LIVE = {"HX-Request": "true"}
LARGEST_HEADERS = 300
LONGEST_TEST_SECONDS = 8
FELT = "hashtid"


def refresh(client: Client, version: str, url: str = "/"):
    return client.get(url, headers=LIVE | {"If-None-Match": f'"{version}"'})


def version_in(page: str) -> str:
    match = re.search(r'data-version="([^"]+)"', page)
    assert match, page
    return match[1]


@pytest.fixture(autouse=True)
def _not_over_a_full_minute() -> None:
    """The pulse moves with the minute: begin in the next one where this one is nearly over."""
    left = 60 - timezone.now().second
    if left < LONGEST_TEST_SECONDS:
        sleep(left)


def test_an_unchanged_refresh_is_304_without_a_body_and_without_rendering(
    deployer: Client, site: Site, synced: SyncRun
) -> None:
    first = deployer.get("/", headers=LIVE)

    second = refresh(deployer, version_in(first.text))

    assert second.status_code == 304
    assert second.content == b""
    assert not second.templates


def test_an_unchanged_refresh_reads_nothing_but_who_looks_and_the_pulse(
    deployer: Client, site: Site, synced: SyncRun, django_assert_num_queries: Callable[..., object]
) -> None:
    first = deployer.get("/", headers=LIVE)

    with django_assert_num_queries(3):
        refresh(deployer, version_in(first.text))


def test_an_unchanged_refresh_travels_in_300_bytes(deployer: Client, site: Site, synced: SyncRun) -> None:
    first = deployer.get("/", headers=LIVE)

    second = refresh(deployer, version_in(first.text))

    by_the_server = "HTTP/1.1 304 Not Modified\r\nServer: gunicorn\r\nDate: Mon, 23 Nov 2026 12:00:00 GMT\r\nConnection: keep-alive\r\n\r\n"
    sent = by_the_server + "".join(f"{name}: {value}\r\n" for name, value in second.items())
    assert len(sent) <= LARGEST_HEADERS


def test_the_first_refresh_of_a_page_reads_no_more_than_the_others(
    deployer: Client, site: Site, synced: SyncRun, django_assert_num_queries: Callable[..., object]
) -> None:
    whole = version_in(deployer.get("/").text)

    with django_assert_num_queries(3):
        first = refresh(deployer, whole)

    assert (first.status_code, first["ETag"]) == (304, f'"{whole}"')


@pytest.mark.parametrize("url", ["/", "/sites/cron.natwelch.com/", "/activity/", "/deploys/{deploy}/"])
@pytest.mark.parametrize("headers", [{}, LIVE], ids=["page", "fragment"])
def test_what_changes_while_a_page_is_read_is_found_by_the_next_look(
    deployer: Client, site: Site, synced: SyncRun, url: str, headers: dict[str, str]
) -> None:
    address = url.format(deploy=_deploy(site).pk)

    with CaptureQueriesContext(connection) as read:
        deployer.get(address, headers=headers)

    about_sites = [each["sql"] for each in read if 'FROM "deployments_' in each["sql"] or FELT in each["sql"]]
    assert FELT in about_sites[0]
    assert len(about_sites) > 1


def test_a_change_that_is_not_shown_is_304_with_a_new_pulse(
    deployer: Client, site: Site, synced: SyncRun
) -> None:
    known = version_in(deployer.get("/", headers=LIVE).text)
    Observation.objects.update(cluster_observed_at=timezone.now())

    second = refresh(deployer, known)

    assert second.status_code == 304
    assert second["ETag"] != f'"{known}"'


def test_a_second_browser_of_the_same_person_is_answered_from_what_the_first_was_rendered(
    deployer: Client, site: Site, synced: SyncRun, django_assert_num_queries: Callable[..., object]
) -> None:
    known = version_in(deployer.get("/", headers=LIVE).text)
    Observation.objects.update(cluster_observed_at=timezone.now())
    first = refresh(deployer, known)

    with django_assert_num_queries(3):
        second = refresh(deployer, known)

    assert (second.status_code, second["ETag"]) == (304, first["ETag"])


def test_a_second_browser_that_shows_something_older_gets_what_the_first_got(
    deployer: Client, site: Site, synced: SyncRun
) -> None:
    known = version_in(deployer.get("/", headers=LIVE).text)
    Observation.objects.update(check_state="failure")
    refresh(deployer, known)

    assert "CI failed" in refresh(deployer, known).text


def test_time_that_passes_is_no_change(deployer: Client, site: Site, synced: SyncRun) -> None:
    Observation.objects.update(head_committed_at=timezone.now() - timedelta(minutes=3, seconds=30))
    answer, now = deployer.get("/", headers=LIVE), timezone.now()
    later = answer.text.replace("3 min ago", "7 min ago")

    versions = {
        version_of(answer.wsgi_request, html, key=uuid4(), system_status=system_status(now=now), now=now)
        for html in (answer.text, later)
    }

    assert later != answer.text
    assert len(versions) == 1


@pytest.mark.parametrize(
    "url", ["/", "/sites/{host}/", "/sites/{host}/drift", "/activity/", "/deploys/{deploy}/"]
)
def test_a_page_and_its_fragment_are_of_one_version(
    deployer: Client, site: Site, synced: SyncRun, url: str
) -> None:
    address = url.format(host=site.host, deploy=_deploy(site).pk)

    page, fragment = deployer.get(address).text, deployer.get(address, headers=LIVE)

    assert version_in(page) == version_in(fragment.text) == fragment["ETag"].strip('"')


def test_a_text_that_looks_like_a_version_is_left_as_it_is(
    deployer: Client, site: Site, synced: SyncRun
) -> None:
    Observation.objects.update(head_headline='data-version=""')

    page = deployer.get("/").text

    assert "data-version=&quot;&quot;" in page
    assert page.count("data-version=") == 2
    assert version_in(page)


def test_a_change_that_is_shown_is_sent(deployer: Client, site: Site, synced: SyncRun) -> None:
    known = version_in(deployer.get("/", headers=LIVE).text)
    Observation.objects.update(check_state="failure")

    second = refresh(deployer, known)

    assert second.status_code == 200
    assert "CI failed" in second.text
    assert "<html" not in second.text


def test_another_person_does_not_get_the_first_ones_answer(
    deployer: Client, viewer: Client, site: Site, synced: SyncRun
) -> None:
    known = version_in(deployer.get("/", headers=LIVE).text)

    assert refresh(viewer, known).status_code == 200


def test_a_page_keeps_the_headers_that_protect_it(deployer: Client, site: Site) -> None:
    page = deployer.get("/")

    assert "frame-ancestors 'none'" in page["Content-Security-Policy"]
    assert page["X-Frame-Options"] == "DENY"


def _observe(site: Site) -> None:
    Observation.objects.update(head_headline="Other")


def _rename(site: Site) -> None:
    Site.objects.update(repository="other")


def _take_out(site: Site) -> None:
    site.delete()


def _hold(site: Site) -> None:
    Hold.objects.create(reason="Wait", placed_by_name="ada", placed_at=timezone.now())


def _deploy(site: Site) -> Deploy:
    return Deploy.objects.create(
        site=site,
        sha=HEAD,
        image="image",
        trigger="person",
        requested_by_name="ada",
        requested_at=timezone.now(),
    )


def _sync(site: Site) -> None:
    SyncRun.objects.create(started_at=timezone.now(), trigger="schedule")


def _fetch_commits(site: Site) -> None:
    CommitRange.objects.create(owner="icco", repository="cron", base=RUNNING, head=HEAD, total=0, commits=[])


def felt(now: datetime) -> str:
    return change_token(read_row_versions(now=now), now=now)


@pytest.mark.parametrize("change", [_observe, _rename, _take_out, _hold, _deploy, _sync, _fetch_commits])
def test_the_pulse_moves_with(change: Callable[[Site], object], site: Site) -> None:
    now = timezone.now()
    before = felt(now)

    change(site)

    assert felt(now) != before


def test_the_pulse_moves_when_a_deploy_moves(site: Site) -> None:
    now, deploy = timezone.now(), _deploy(site)
    before = felt(now)

    deploy.move(Status.ROLLING_OUT, now=now)

    assert felt(now) != before


def test_the_pulse_moves_when_a_hold_expires(site: Site) -> None:
    now = timezone.now().replace(second=0, microsecond=0)
    Hold.objects.create(reason="Wait", placed_by_name="ada", placed_at=now, until=now + timedelta(seconds=30))

    assert felt(now + timedelta(seconds=29)) != felt(now + timedelta(seconds=31))


def test_the_pulse_stays_while_nothing_changes(site: Site) -> None:
    make_user("ada")
    now = timezone.now()

    assert felt(now) == felt(now)


@pytest.mark.parametrize("is_scheduled", [True, False])
def test_the_house_feels_the_same_pulse(site: Site, *, is_scheduled: bool) -> None:
    now = timezone.now()
    if not is_scheduled:
        Schedule.objects.all().delete()

    assert system_status(now=now).row_versions == read_row_versions(now=now)
