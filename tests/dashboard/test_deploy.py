"""A Deploy's page, from the request to its end."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from dashboard.progress import Bar, Mark, bar_of, pods_of, steps_of
from deployments.models import CommitRange, Deploy, Observation, Site, Status
from tests.dashboard.conftest import HEAD, RUNNING, MakeSite

LIVE = {"HX-Request": "true"}


def make_deploy(site: Site, **changes: Any) -> Deploy:
    values = {
        "site": site,
        "sha": HEAD,
        "headline": "Fix it",
        "image": f"x:{HEAD}",
        "from_sha": RUNNING,
        "trigger": "person",
        "requested_by_name": "eve",
        "requested_at": timezone.now(),
        "status": Status.QUEUED,
    }
    deploy = Deploy.objects.create(**values | changes)
    Observation.objects.filter(site=site).update(latest_deploy=deploy)
    return deploy


@pytest.fixture
def queued(site: Site) -> Deploy:
    return make_deploy(site)


@pytest.fixture
def failed(site: Site) -> Deploy:
    now = timezone.now()
    return make_deploy(
        site, status=Status.FAILED, finished_at=now, patched_at=now, message="The pod crashes."
    )


def test_an_active_deploy_asks_again_without_javascript_too(viewer: Client, queued: Deploy) -> None:
    page = viewer.get(f"/deploys/{queued.pk}/").text

    assert re.search(r'<noscript>\s*<meta http-equiv="refresh" content="3">\s*</noscript>', page)
    assert 'data-every="2"' in page


def test_an_ended_deploy_asks_no_more(viewer: Client, failed: Deploy) -> None:
    page = viewer.get(f"/deploys/{failed.pk}/").text

    assert "refresh" not in page
    assert "data-every" not in page
    assert "The pod crashes." in page


def test_who_asked_is_named_though_the_account_is_gone(viewer: Client, person: User, site: Site) -> None:
    deploy = make_deploy(site, requested_by=person)
    person.delete()

    pages = [viewer.get(address).text for address in (f"/deploys/{deploy.pk}/", f"/sites/{site.host}/")]

    assert all("eve" in page for page in pages)


def test_the_live_part_is_not_sent_again_while_nothing_changes(viewer: Client, queued: Deploy) -> None:
    first = viewer.get(f"/deploys/{queued.pk}/live", headers=LIVE)

    second = viewer.get(f"/deploys/{queued.pk}/live", headers=LIVE | {"If-None-Match": first["ETag"]})

    assert (first.status_code, second.status_code) == (200, 304)


def test_the_live_part_is_sent_when_a_pod_turns_ready(viewer: Client, queued: Deploy) -> None:
    first = viewer.get(f"/deploys/{queued.pk}/live", headers=LIVE)
    Deploy.objects.update(status=Status.ROLLING_OUT, wanted=3, updated=2, ready=1)

    second = viewer.get(f"/deploys/{queued.pk}/live", headers=LIVE | {"If-None-Match": first["ETag"]})

    assert "1 of 3 ready" in second.text


def test_the_end_names_the_next_site_that_needs_someone(
    deployer: Client, failed: Deploy, make_site: MakeSite
) -> None:
    make_site("blog.example.com")

    page = deployer.get(f"/deploys/{failed.pk}/").text

    assert "Next: blog.example.com" in page
    assert "Retry" in page


def test_the_end_names_no_site_that_a_machine_has_in_hand(
    deployer: Client, failed: Deploy, make_site: MakeSite
) -> None:
    make_site("building.example.com", head_image_built=False)
    make_site("current.example.com", running_sha=HEAD, desired_sha=HEAD, behind_by=0)

    assert "Next:" not in deployer.get(f"/deploys/{failed.pk}/").text


def test_a_queued_deploy_can_be_cancelled(deployer: Client, queued: Deploy) -> None:
    assert f"/deploys/{queued.pk}/cancel" in deployer.get(f"/deploys/{queued.pk}/").text

    deployer.post(f"/deploys/{queued.pk}/cancel")

    queued.refresh_from_db()
    assert queued.status == Status.CANCELLED


def test_a_deploy_with_a_sent_patch_has_no_button_to_cancel(deployer: Client, queued: Deploy) -> None:
    before = deployer.get(f"/deploys/{queued.pk}/").text
    Deploy.objects.update(patch_sent_at=timezone.now())

    after = deployer.get(f"/deploys/{queued.pk}/").text

    assert ('id="cancel"' in before, 'id="cancel"' in after) == (True, False)


def test_a_rollout_that_has_begun_cannot_be_cancelled(deployer: Client, queued: Deploy) -> None:
    Deploy.objects.update(status=Status.ROLLING_OUT)

    response = deployer.post(f"/deploys/{queued.pk}/cancel", follow=True)

    assert "Too late to cancel" in response.text


def test_a_viewer_cannot_cancel(viewer: Client, queued: Deploy) -> None:
    assert viewer.post(f"/deploys/{queued.pk}/cancel").status_code == 403
    assert f"/deploys/{queued.pk}/cancel" not in viewer.get(f"/deploys/{queued.pk}/").text


def test_a_deploy_that_is_not_there_is_404(deployer: Client) -> None:
    assert deployer.get("/deploys/999/").status_code == 404
    assert deployer.post("/deploys/999/cancel").status_code == 404


def test_the_timeline_grows_on_the_page(viewer: Client, queued: Deploy) -> None:
    queued.add_event("Requested by eve.", now=queued.requested_at)
    first = viewer.get(f"/deploys/{queued.pk}/live", headers=LIVE)
    queued.add_event("1 of 3 <pods>.", now=queued.requested_at + timedelta(seconds=67))

    second = viewer.get(f"/deploys/{queued.pk}/live", headers=LIVE | {"If-None-Match": first["ETag"]})

    assert "Requested by eve." in first.text
    assert "1 of 3 &lt;pods&gt;." in second.text
    assert ">1:07</i>" in second.text


def test_the_last_lines_of_the_log_are_text(viewer: Client, failed: Deploy) -> None:
    Deploy.objects.update(log="<b>no such table</b>")

    assert "&lt;b&gt;no such table&lt;/b&gt;</pre>" in viewer.get(f"/deploys/{failed.pk}/").text


@pytest.mark.parametrize(
    ("passed", "expected", "bar"),
    [
        (10, None, Bar("No earlier deploys to estimate from.", None)),
        (0, 60, Bar("About 1 minute left (usually 1 minute).", 0)),
        (29, 60, Bar("About 33 seconds left (usually 1 minute).", 45)),
        (60, 60, Bar("About 3 seconds left (usually 1 minute).", 95)),
        (61, 60, Bar("Longer than usual (usually 1 minute).", 95)),
        (0, 0, Bar("About 1 second left (usually 1 second).", 95)),
    ],
)
def test_the_bar_is_never_full_and_says_when_it_takes_long(
    passed: int, expected: int | None, bar: Bar
) -> None:
    now = timezone.now()
    deploy = Deploy(status=Status.ROLLING_OUT, patched_at=now - timedelta(seconds=passed))

    usual = None if expected is None else timedelta(seconds=expected)

    assert bar_of(deploy, usual, now=now) == bar


@pytest.mark.parametrize(
    "changes", [{"status": Status.QUEUED}, {"status": Status.SUCCEEDED, "patched_at": timezone.now()}]
)
def test_there_is_no_bar_before_and_after_the_rollout(changes: dict[str, Any]) -> None:
    deploy = Deploy(**changes)

    assert bar_of(deploy, timedelta(minutes=1), now=timezone.now()) is None


@pytest.mark.parametrize(
    ("reason", "button"),
    [("crash", "Roll back"), ("wrong_answer", "Roll back"), ("quota", "Retry")],
)
def test_the_button_is_the_one_that_helps_against_the_reason(
    deployer: Client, failed: Deploy, reason: str, button: str
) -> None:
    Deploy.objects.update(reason=reason)
    Observation.objects.update(desired_sha=HEAD)

    assert button in deployer.get(f"/deploys/{failed.pk}/").text


@pytest.mark.parametrize(
    ("changes", "marks"),
    [
        ({"status": Status.WAITING}, "now todo todo todo todo"),
        ({"status": Status.QUEUED}, "now todo todo todo"),
        ({"status": Status.VERIFYING}, "done done now todo"),
        ({"status": Status.SUCCEEDED}, "done done done done"),
        ({"status": Status.CANCELLED}, "stopped todo todo todo todo"),
        ({"status": Status.CANCELLED, "queued_at": timezone.now()}, "stopped todo todo todo"),
        ({"status": Status.TIMED_OUT, "patched_at": timezone.now()}, "done stopped todo todo"),
        (
            {"status": Status.FAILED, "patched_at": timezone.now(), "verifying_since": timezone.now()},
            "done done stopped todo",
        ),
    ],
)
def test_steps_show_how_far_it_came(changes: dict[str, Any], marks: str) -> None:
    steps = steps_of(Deploy(**changes))

    assert [step.mark for step in steps] == [Mark(mark) for mark in marks.split()]


@pytest.mark.parametrize(
    ("wanted", "updated", "ready", "pods"),
    [
        (3, 2, 1, ("ready", "starting", "old")),
        (2, 3, 3, ("ready", "ready")),
        (0, 0, 0, ()),
        (40, 3, 1, ()),
    ],
)
def test_pods_are_drawn_one_by_one_while_they_are_few(
    wanted: int, updated: int, ready: int, pods: tuple[str, ...]
) -> None:
    assert pods_of(Deploy(wanted=wanted, updated=updated, ready=ready)) == pods


@pytest.mark.parametrize(
    ("changes", "title"),
    [
        ({}, "<h2>Commits · 1 commit<"),
        ({"status": Status.SUCCEEDED, "finished_at": timezone.now()}, "<h2>Commits · 1 commit<"),
        ({"status": Status.FAILED, "finished_at": timezone.now()}, "Commits not deployed · 1 commit<"),
    ],
)
def test_the_page_counts_its_commits(viewer: Client, site: Site, changes: dict[str, Any], title: str) -> None:
    commit = {
        "sha": HEAD,
        "headline": "Fix it",
        "author": "Ada",
        "committed_at": "2026-11-01T10:00:00+00:00",
        "url": "",
    }
    CommitRange.objects.create(
        owner="icco", repository="cron", base=RUNNING, head=HEAD, total=1, commits=[commit]
    )
    deploy = make_deploy(site, **changes)

    assert title in viewer.get(f"/deploys/{deploy.pk}/").text
