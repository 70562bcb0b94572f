"""What only Headway itself writes can be viewed, by a superuser too, and not changed."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.utils import timezone
from django_q.models import Schedule

from deployments.models import Deploy, Hold, Site, SyncRun
from deployments.operations.sync.schedule import INTERVALS_MINUTES
from deployments.queries import SYNC_SCHEDULE
from tests.deployments.admin.conftest import make_site


def make_deploy() -> Model:
    return Deploy.objects.create(
        site=make_site("a"),
        sha="a" * 40,
        image="gcr.io/p/a:" + "a" * 40,
        status="queued",
        requested_at=timezone.now(),
    )


def make_run() -> Model:
    return SyncRun.objects.create(started_at=timezone.now(), trigger="schedule")


def make_hold() -> Model:
    return Hold.objects.create(reason="Freeze", placed_at=timezone.now())


def find_schedule() -> Model:
    return Schedule.objects.get(name=SYNC_SCHEDULE)


@pytest.mark.parametrize("make", [make_deploy, make_run, make_hold, find_schedule])
def test_a_row_is_shown_and_neither_added_nor_changed_nor_deleted(
    owner: Client, make: Callable[[], Model]
) -> None:
    row = make()
    place = f"/admin/{row._meta.app_label}/{row._meta.model_name}/"

    shown = [owner.get(place).status_code, owner.get(f"{place}{row.pk}/change/").status_code]
    sent = [
        owner.post(f"{place}{each}").status_code
        for each in ("add/", f"{row.pk}/change/", f"{row.pk}/delete/")
    ]

    assert shown == [200, 200]
    assert set(sent) <= {403, 405}
    assert type(row).objects.get(pk=row.pk) == row


def test_deleting_many_at_once_is_no_action(owner: Client) -> None:
    row = make_run()

    owner.post(
        "/admin/deployments/syncrun/",
        {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"},
    )

    assert SyncRun.objects.filter(pk=row.pk).exists()


def test_a_site_with_deploys_can_be_deleted_with_its_history(owner: Client) -> None:
    site = Site.objects.get(pk=make_deploy().site_id)

    owner.post(f"/admin/deployments/site/{site.pk}/delete/", {"post": "yes"})

    assert not Site.objects.exists()


def sync_schedule() -> Schedule:
    return Schedule.objects.get(name=SYNC_SCHEDULE)


@pytest.mark.parametrize("minutes", INTERVALS_MINUTES)
def test_the_interval_form_writes_a_legal_interval(owner: Client, minutes: int) -> None:
    place = f"/admin/deployments/syncschedule/{sync_schedule().pk}/change/"

    answer = owner.post(place, {"minutes": minutes})

    row = sync_schedule()
    assert answer.status_code == 302
    assert (row.minutes, row.schedule_type, row.func) == (minutes, Schedule.MINUTES, "deployments.tasks.sync")


def test_an_interval_that_is_not_offered_is_refused(owner: Client) -> None:
    place = f"/admin/deployments/syncschedule/{sync_schedule().pk}/change/"

    answer = owner.post(place, {"minutes": 7, "args": "(", "func": "os.abort"})

    assert answer.status_code == 200
    assert "7 is not one of the available choices." in answer.content.decode()
    assert (sync_schedule().minutes, sync_schedule().func) == (60, "deployments.tasks.sync")


def test_another_schedule_cannot_be_reached_through_the_interval_form(owner: Client) -> None:
    other = Schedule.objects.create(name="other", func="math.sqrt", minutes=1)

    owner.post(f"/admin/deployments/syncschedule/{other.pk}/change/", {"minutes": 1440})

    assert Schedule.objects.get(pk=other.pk).minutes == 1


def test_who_has_no_right_to_it_cannot_change_the_interval(stranger: Client) -> None:
    answer = stranger.post(f"/admin/deployments/syncschedule/{sync_schedule().pk}/change/", {"minutes": 5})

    assert answer.status_code == 403
    assert sync_schedule().minutes == 60


def test_what_goes_with_a_site_is_counted_and_not_listed(owner: Client) -> None:
    site = Site.objects.get(pk=make_deploy().site_id)

    page = owner.get(f"/admin/deployments/site/{site.pk}/delete/").text

    assert "a.example.com</a>" in page
    assert "Deploys: 1" in page
    assert "aaaaaaa" not in page


def test_times_are_shown_with_their_zone(owner: Client) -> None:
    Hold.objects.create(reason="Freeze", placed_at=datetime(2026, 11, 5, 9, 30, tzinfo=UTC))

    assert "5 Nov 2026, 09:30 UTC" in owner.get("/admin/deployments/hold/").text


def test_each_label_of_a_card_on_a_phone_is_for_a_column_that_there_is() -> None:
    styles = (Path(__file__).parents[3] / "dashboard/static/dashboard/admin.css").read_text()
    columns = {str(each) for model in admin.site._registry.values() for each in model.list_display}

    labelled = set(re.findall(r"\.field-(\w+)::before", styles))

    assert "resumed_at" in labelled
    assert labelled - columns == set()
