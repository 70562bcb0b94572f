"""External timestamps, near and beyond what a calendar holds."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from deployments.rules.times import (
    EARLIEST,
    LATEST,
    bounded,
    in_zone,
    is_in_range,
    parse_time,
    parse_timestamp,
    parse_wait,
)
from deployments.rules.wording import moment

EXTREMES = [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC), EARLIEST, LATEST]
ZONES = [ZoneInfo(name) for name in ("Pacific/Kiritimati", "America/New_York", "Asia/Kolkata", "Etc/GMT+12")]


@pytest.mark.parametrize(
    "text",
    [
        *("", "soon", "0000-00-00T00:00:00Z", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-05:00"),
        *(
            "10000-01-01T04:59:00+00:00",
            "infinity",
            "-infinity",
            "0001-01-01T00:00:00+14:00",
            "2200-01-01T00:00:00Z",
        ),
        *("1969-12-31T23:59:59Z", "2026-02-30T00:00:00Z", "9" * 400, "\x00", "2026-11-23T12:00:00+99:00"),
        *(None, 5, [], {}, True, float("nan")),
    ],
)
def test_what_is_no_time_or_lies_outside_the_range_is_none(text: object) -> None:
    assert parse_time(text) is None


@pytest.mark.parametrize("text", ["1970-01-01T00:00:00+00:00", "2199-12-31T23:59:59+00:00"])
def test_the_range_is_from_1970_to_2199(text: str) -> None:
    parsed = parse_time(text)

    assert parsed is not None
    assert parsed.isoformat() == text


def test_a_time_without_a_zone_is_none_as_text_and_utc_as_a_time() -> None:
    without = datetime(2026, 11, 23, 12)  # noqa: DTZ001  that is what this is about

    assert (parse_time(without.isoformat()), is_in_range(without)) == (None, False)
    assert bounded(without) == datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2026-11-23T12:00:00Z", "2026-11-24T02:00:00.000000+14:00"])
def test_a_time_is_shown_in_utc(text: str) -> None:
    parsed = parse_time(text)

    assert parsed == datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert parsed.utcoffset() == timedelta(0)


@pytest.mark.parametrize("text", ["", None, "-1", "9" * 400, "7258118400", "1e5", "nan", "\u0661\u0662x"])
def test_a_timestamp_outside_the_range_is_none(text: object) -> None:
    assert parse_timestamp(text) is None


def test_a_timestamp_may_be_a_number_or_digits() -> None:
    assert (
        parse_timestamp("1795435200") == parse_timestamp(1795435200) == datetime(2026, 11, 23, 12, tzinfo=UTC)
    )


@pytest.mark.parametrize("text", ["", None, "-1", "9" * 400, "86401", "1.5", "inf", "\u0665"])
def test_a_wait_of_more_than_a_day_is_none(text: object) -> None:
    assert parse_wait(text) is None


@pytest.mark.parametrize(("text", "seconds"), [("0", 0), (" 60 ", 60), (3600, 3600), ("86400", 86_400)])
def test_a_wait_is_read_in_seconds(text: object, seconds: int) -> None:
    assert parse_wait(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("time", EXTREMES)
def test_no_time_is_too_far_to_be_shown(time: datetime, zone: ZoneInfo) -> None:
    assert str(time.year) in moment(in_zone(time, zone)) or str(time.year - 1) in moment(in_zone(time, zone))


@pytest.mark.parametrize("hours", [-23, 0, 23])
@pytest.mark.parametrize("time", EXTREMES[:2])
def test_no_time_is_too_far_to_be_judged(time: datetime, hours: int) -> None:
    there = time.replace(tzinfo=timezone(timedelta(hours=hours)))

    assert (is_in_range(there), bounded(there)) == (False, None)


@pytest.mark.parametrize("zone", ZONES)
def test_whatever_is_in_range_can_be_shown_everywhere(zone: ZoneInfo) -> None:
    for time in (EARLIEST, LATEST - timedelta.resolution):
        assert is_in_range(time)
        assert in_zone(time, zone).tzinfo is zone
