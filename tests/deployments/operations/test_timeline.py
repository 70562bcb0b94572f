"""The timeline grows with the row, and only with it; and the time a Deploy takes is what the site's last ones took."""

from datetime import timedelta

import pytest

from demo.world import World
from deployments.clients.clients import Clients
from deployments.models import Deploy, EventKind, Site, Status
from deployments.queries.timeline import LINES_SHOWN, expected_duration, timeline
from tests.deployments.operations.following import rolled_out, see_through
from tests.factories import NOW, create_site

SHA = "a" * 40


@pytest.fixture
def deploy(db: None) -> Deploy:
    site = create_site(
        host="cron.example.com", owner="icco", repository="cron", deployment="cron", container="cron"
    )
    return make_deploy(site)


def make_deploy(site: Site, **changes: object) -> Deploy:
    values = {
        "site": site,
        "sha": SHA,
        "image": "x:1",
        "trigger": "person",
        "requested_by_name": "eve",
        "requested_at": NOW,
    }
    return Deploy.objects.create(**values | changes)


def succeeded(site: Site, seconds: float) -> Deploy:
    finished_at = NOW + timedelta(seconds=seconds)
    return make_deploy(site, status=Status.SUCCEEDED, patched_at=NOW, finished_at=finished_at)


def stated(deploy: Deploy) -> list[tuple[str, str]]:
    return [(line.kind, line.message) for line in timeline(deploy)]


def test_a_move_is_in_the_timeline(deploy: Deploy) -> None:
    deploy.move(Status.ROLLING_OUT, now=NOW, message="The cluster accepted the change.")
    deploy.move(Status.CANCELLED, now=NOW)

    assert stated(deploy) == [("moved", "The cluster accepted the change."), ("ended", "Cancelled.")]


def test_a_move_that_comes_too_late_records_nothing(deploy: Deploy) -> None:
    stale = Deploy.objects.get(pk=deploy.pk)
    deploy.move(Status.CANCELLED, now=NOW, message="Cancelled by eve.")

    moved = stale.move(Status.ROLLING_OUT, now=NOW, message="Rolling out.")

    assert not moved
    assert stated(deploy) == [("ended", "Cancelled by eve.")]


def test_a_note_is_recorded_when_its_message_is_new(deploy: Deploy) -> None:
    deploy.note(now=NOW, message="Waiting for the new pods (1 of 3 ready).", ready=1)
    deploy.note(now=NOW, message="Waiting for the new pods (1 of 3 ready).", ready=1)
    deploy.note(now=NOW, ready=2)

    assert stated(deploy) == [("noted", "Waiting for the new pods (1 of 3 ready).")]


def test_a_note_on_an_ended_deploy_records_nothing(deploy: Deploy) -> None:
    stale = Deploy.objects.get(pk=deploy.pk)
    deploy.move(Status.FAILED, now=NOW, message="Gone.")

    stale.note(now=NOW, message="Waiting for the new pods (1 of 3 ready).")

    assert stated(deploy) == [("ended", "Gone.")]


def test_of_a_very_long_timeline_the_newest_lines_are_shown(deploy: Deploy) -> None:
    for number in range(LINES_SHOWN + 1):
        deploy.add_event(f"Line {number}.", now=NOW)

    shown = timeline(deploy)

    assert (len(shown), shown[0].message, shown[-1].message) == (
        LINES_SHOWN,
        "Line 1.",
        f"Line {LINES_SHOWN}.",
    )


def test_a_deploy_shows_its_whole_way(world: World, clients: Clients) -> None:
    deploy = see_through(rolled_out(world, clients), clients)

    lines = timeline(deploy)

    assert lines[0].message == f"Requested by {deploy.requested_by_name}."
    assert lines[0].kind == EventKind.ASKED
    assert "The cluster accepted the change." in [line.message for line in lines]
    assert (lines[-1].kind, lines[-1].message) == (EventKind.ENDED, deploy.message)


def test_a_site_without_history_has_no_expected_duration(deploy: Deploy) -> None:
    assert expected_duration(site_id=deploy.site_id) is None


def test_the_expected_duration_is_the_median_of_the_last_ten(deploy: Deploy) -> None:
    for seconds in (9000, *[60] * 5, *[80] * 4, 900):
        succeeded(deploy.site, seconds)
    make_deploy(deploy.site, status=Status.FAILED, patched_at=NOW, finished_at=NOW + timedelta(hours=1))

    expected = expected_duration(site_id=deploy.site_id)

    assert expected == timedelta(seconds=70)
