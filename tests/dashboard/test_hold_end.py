"""When a Hold ends: read as clocks show it where the person is."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from dashboard import timezones
from deployments.models import Hold, Site
from deployments.operations.hold import resume_expired
from tests.dashboard.conftest import HOST

URL = f"/sites/{HOST}/hold"
BERLIN = ZoneInfo("Europe/Berlin")
SUNDAY_NIGHT = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
"""In Berlin it is Monday already, 0:30."""


def test_a_hold_can_end_after_an_hour(deployer: Client, site: Site) -> None:
    deployer.post(URL, {"reason": "Migration", "ends": "hour"})

    until = Hold.objects.get().until
    assert until
    assert abs(until - timezone.now() - timedelta(hours=1)) < timedelta(minutes=1)


def test_tomorrow_is_tomorrow_where_the_person_is(deployer: Client, site: Site) -> None:
    auckland = ZoneInfo("Pacific/Auckland")
    today = timezone.now().astimezone(auckland).date()

    deployer.post(URL, {"reason": "Migration", "ends": "tomorrow", "zone": "Pacific/Auckland"})

    until = Hold.objects.get().until
    assert until
    there = until.astimezone(auckland)
    # Midnight may have passed there meanwhile.
    days = {today, timezone.now().astimezone(auckland).date()}
    assert there.date() - timedelta(days=1) in days
    assert (there.hour, there.minute) == (9, 0)


def test_a_chosen_time_is_a_time_where_the_person_is(deployer: Client, site: Site) -> None:
    chosen = {"ends": "at", "at": "2099-07-01T09:00", "zone": "Europe/Berlin"}

    deployer.post(URL, {"reason": "Migration", **chosen})

    assert Hold.objects.get().until == datetime(2099, 7, 1, 7, 0, tzinfo=UTC)


@pytest.mark.parametrize("zone", ["", "Nowhere/Atlantis", "../../etc/passwd", "Europe", "x" * 64, "\x00"])
def test_a_zone_that_is_none_is_utc(deployer: Client, site: Site, zone: str) -> None:
    deployer.post(URL, {"reason": "Migration", "ends": "at", "at": "2099-07-01T09:00", "zone": zone})

    held = Hold.objects.first()
    assert held is None or held.until == datetime(2099, 7, 1, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ({"ends": "at"}, "Choose the date and time"),
        ({"ends": "at", "at": "soon"}, "Choose the date and time"),
        ({"ends": "at", "at": "2001-01-01T09:00"}, "is in the past"),
        ({"ends": "never"}, "Select a valid choice"),
    ],
)
def test_an_end_that_cannot_be_is_refused(
    deployer: Client, site: Site, sent: dict[str, str], message: str
) -> None:
    response = deployer.post(URL, {"reason": "Migration", **sent}, follow=True)

    assert message in response.text
    assert not Hold.objects.exists()


@pytest.mark.parametrize(
    ("now", "monday"),
    [
        (SUNDAY_NIGHT.astimezone(BERLIN), datetime(2026, 11, 23, 9, tzinfo=BERLIN)),
        (SUNDAY_NIGHT, datetime(2026, 11, 23, 9, tzinfo=UTC)),
        (datetime(2026, 11, 23, 9, tzinfo=UTC), datetime(2026, 11, 30, 9, tzinfo=UTC)),
        (datetime(2026, 11, 25, 12, tzinfo=UTC), datetime(2026, 11, 30, 9, tzinfo=UTC)),
    ],
)
def test_monday_is_the_next_one_to_come(now: datetime, monday: datetime) -> None:
    assert timezones.monday_morning(now) == monday


def test_nine_stays_nine_over_the_end_of_summer_time() -> None:
    saturday = datetime(2026, 10, 24, 12, tzinfo=BERLIN)

    assert timezones.tomorrow_morning(saturday).astimezone(UTC).hour == 8


def test_pages_tell_the_end_in_the_viewers_zone(viewer: Client, site: Site) -> None:
    Hold.objects.create(
        site=site,
        reason="Migration",
        placed_by_name="ada",
        placed_at=timezone.now(),
        until=datetime(2099, 7, 1, 7, 0, tzinfo=UTC),
    )
    viewer.cookies["tz"] = "Europe/Berlin"

    page = viewer.get(f"/sites/{HOST}/").text

    assert ", until <time" in page
    assert "Wed 1 Jul 2099, 09:00 CEST" in page
    assert "on hold (by ada, until 1 July 2099, 09:00 CEST)" in page


def test_without_a_zone_times_are_utc_and_the_form_says_so(deployer: Client, site: Site) -> None:
    assert "<span data-zone>UTC</span>" in deployer.get(f"/sites/{HOST}/").text


def test_an_expired_hold_lifts_itself_and_stays_in_the_history(viewer: Client, site: Site) -> None:
    now = timezone.now()
    until = now - timedelta(minutes=5)
    Hold.objects.create(
        site=site, reason="The demo", placed_by_name="ada", placed_at=until - timedelta(hours=1), until=until
    )

    resumed = resume_expired(now=now)

    hold = Hold.objects.get()
    assert (resumed, hold.resumed_at, hold.resumed_by_name) == (1, until, "its own end")
    for page in (f"/sites/{HOST}/", "/activity/"):
        assert "The demo" in viewer.get(page).text


def test_a_hold_that_has_not_ended_is_active(site: Site) -> None:
    now = timezone.now()
    Hold.objects.create(site=site, reason="On", placed_by_name="ada", placed_at=now)
    Hold.objects.create(
        site=None, reason="On", placed_by_name="ada", placed_at=now, until=now + timedelta(seconds=1)
    )

    assert resume_expired(now=now) == 0
