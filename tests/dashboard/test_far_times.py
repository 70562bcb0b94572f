"""Times that a calendar does not hold: refused in a form, unknown where a commit says so, and never a page that breaks."""

import importlib
from datetime import UTC, datetime, timedelta

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, models, transaction
from django.test import Client
from django.utils import timezone

from deployments.models import CommitRange, Hold, Observation, Site
from deployments.operations.hold import UnableToHold, place_hold
from deployments.rules.times import OUT_OF_RANGE
from tests.dashboard.conftest import HEAD, HOST, RUNNING

pytestmark = pytest.mark.slow

PAGES = ("/", f"/sites/{HOST}/", f"/sites/{HOST}/deploy", "/activity/")
ZONES = ("America/New_York", "Pacific/Kiritimati", "")
FAR = ("10000-01-01 04:59:00+00:00", "infinity", "0044-03-15 12:00:00+00 BC", "2200-01-01 00:00:00+00:00")
TIMES = [
    (model, field)
    for model in apps.get_models(include_auto_created=True)
    if not model._meta.proxy
    for field in model._meta.local_concrete_fields
    if isinstance(field, models.DateTimeField)
]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(
    "at", ["9999-12-31T23:59", "2200-01-01T12:00", "2199-12-31T23:59", "0001-01-01T00:00"]
)
def test_a_hold_ends_within_the_range_or_is_refused_with_a_sentence(
    deployer: Client, site: Site, zone: str, at: str
) -> None:
    response = deployer.post(
        f"/sites/{HOST}/hold", {"reason": "For good", "ends": "at", "at": at, "zone": zone}, follow=True
    )

    held = Hold.objects.first()
    assert held or OUT_OF_RANGE in response.text
    assert {deployer.get(page).status_code for page in PAGES} == {200}


def test_no_caller_places_a_hold_that_ends_out_of_range(site: Site, person: User) -> None:
    with pytest.raises(UnableToHold, match="Choose a time between 1970 and 2199"):
        place_hold(
            site=site,
            reason="For good",
            by=person,
            until=datetime.max.replace(tzinfo=UTC),
            now=timezone.now(),
        )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("model", "field"), TIMES, ids=[f"{model.__name__}.{field.name}" for model, field in TIMES]
)
def test_no_column_takes_a_time_that_cannot_be_read(model: type[models.Model], field: models.Field) -> None:
    """A copy of the table's checks, so that any of its columns can be tried without a whole row."""
    table, quote = model._meta.db_table, connection.ops.quote_name
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TEMPORARY TABLE tried (LIKE {quote(table)} INCLUDING CONSTRAINTS) ON COMMIT DROP"
        )
        cursor.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = 'tried'::regclass AND attnum > 0 AND attnotnull"
        )
        for (column,) in cursor.fetchall():
            cursor.execute(f"ALTER TABLE tried ALTER COLUMN {quote(column)} DROP NOT NULL")
        for far in FAR:
            with pytest.raises(IntegrityError, match="times_in_range"), transaction.atomic():
                cursor.execute(f"INSERT INTO tried ({quote(field.column)}) VALUES (%s::timestamptz)", [far])  # noqa: S608  our columns' names


@pytest.mark.django_db(transaction=True)
def test_a_time_from_before_the_constraint_is_brought_into_range(site: Site) -> None:
    now = timezone.now()
    Hold.objects.create(
        site=site, reason="For good", placed_by_name="ada", placed_at=now, until=now + timedelta(days=1)
    )
    clean = importlib.import_module("deployments.migrations.0017_bring_times_into_range")
    with connection.cursor() as cursor, transaction.atomic():
        cursor.execute("ALTER TABLE deployments_hold DROP CONSTRAINT hold_times_in_range")
        cursor.execute(
            "UPDATE deployments_hold SET until = '10000-01-01 04:59+00', placed_at = '0044-03-15 BC'"
        )
        for statement in clean.statements():
            cursor.execute(statement)

        hold = Hold.objects.get()
        transaction.set_rollback(True)

    assert (hold.until, hold.placed_at) == (None, datetime(1970, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(
    "committed_at", ["9999-12-31T23:59:59+00:00", "0001-01-01T00:00:00+00:00", "soon", None]
)
def test_a_kept_commit_of_any_date_leaves_its_page_whole(
    viewer: Client, site: Site, committed_at: str | None, zone: str
) -> None:
    commit = {
        "sha": HEAD,
        "headline": "From the future",
        "author": "ada",
        "committed_at": committed_at,
        "url": "",
    }
    CommitRange.objects.create(
        owner=site.owner, repository=site.repository, base=RUNNING, head=HEAD, total=1, commits=[commit]
    )
    viewer.cookies["tz"] = zone

    page = viewer.get(f"/sites/{HOST}/")

    assert "From the future" in page.text


@pytest.mark.parametrize("zone", ZONES)
def test_the_ends_of_the_range_are_shown_in_any_zone(viewer: Client, site: Site, zone: str) -> None:
    end = datetime(2199, 12, 31, 23, 59, tzinfo=UTC)
    Observation.objects.filter(site=site).update(head_committed_at=end, desired_at=end)
    Hold.objects.create(
        site=site, reason="For good", placed_by_name="ada", placed_at=timezone.now(), until=end
    )
    viewer.cookies["tz"] = zone

    assert {viewer.get(page).status_code for page in PAGES[:2]} == {200}
