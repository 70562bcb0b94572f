"""The doctor's lines on hooks: a door that has fallen silent, and keys that nobody fetches."""

from datetime import datetime, timedelta

import pytest

from deployments.models import HeadCheck, HookDelivery, SigningKey
from deployments.operations.doctor.findings import Grade
from deployments.operations.doctor.hooks import hooks_arrive, keys_are_fresh
from tests.factories import NOW

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
ISSUER = "https://token.actions.githubusercontent.com"


def came(at: datetime) -> None:
    HookDelivery.objects.create(
        door="github",
        delivery_id="1",
        received_at=at,
        event="push",
        summary="Push",
        message="m",
        state="queued",
    )


def found(at: datetime | None) -> None:
    HeadCheck.objects.create(pk=1, next_at=NOW, found_at=at)


def grades() -> list[Grade]:
    return [each.grade for each in hooks_arrive(now=NOW)]


def test_where_no_hook_ever_came_nothing_is_said() -> None:
    found(NOW)

    assert grades() == []


def test_a_door_that_says_nothing_of_a_push_is_a_warning() -> None:
    came(NOW - 2 * HOUR)
    found(NOW - HOUR)

    (finding,) = hooks_arrive(now=NOW)

    assert finding.grade is Grade.WARNING
    assert "no webhook arrived for it" in finding.message
    assert "recent deliveries" in finding.remedy


@pytest.mark.parametrize(
    "at", [None, NOW - 3 * HOUR, NOW - 2 * HOUR + timedelta(minutes=1), NOW - timedelta(days=8)]
)
def test_a_door_that_speaks_of_each_push_is_well(at: datetime | None) -> None:
    came(NOW - 2 * HOUR if at is None or at > NOW - timedelta(days=1) else NOW - timedelta(days=9))
    found(at)

    assert grades() == [Grade.GOOD]


@pytest.mark.parametrize(("age", "number"), [(None, 1), (7 * HOUR, 1), (HOUR, 0)])
def test_keys_that_are_not_fetched_are_a_warning(age: timedelta | None, number: int) -> None:
    if age is not None:
        SigningKey.objects.create(issuer=ISSUER, key_id="1", key={}, fetched_at=NOW - age)

    assert [each.grade for each in keys_are_fresh(issuers=(ISSUER,), now=NOW)] == [Grade.WARNING] * number
