"""A sync's own page."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from deployments.models import SyncRun

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture
def run() -> SyncRun:
    return SyncRun.objects.create(
        started_at=AT,
        finished_at=AT + timedelta(seconds=2.5),
        result="troubled",
        trigger="schedule",
        sites=4,
        changed=2,
        with_problems=1,
        requested=1,
        github_requests=2,
        github_remaining=4987,
        github_limit=5000,
        registry_requests=3,
        cluster_requests=1,
        decisions={
            "a.example.com": ["go", "deploys bbbbbbb", "ready", ""],
            "b.example.com": ["stop", "Auto-deploy is off for this site.", "ready", ""],
            "c.example.com": [
                "wait",
                "GitHub was last read 3 hours ago.",
                "current",
                "GitHub does not answer.",
            ],
            "d.example.com": ["wait", "Runs the newest commit, bbbbbbb.", "current", ""],
        },
    )


def test_activity_leads_to_it(viewer: Client, run: SyncRun) -> None:
    assert f'href="/syncs/{run.pk}/"' in viewer.get("/activity/").text


def test_what_requested_it_is_said_in_words(viewer: Client, run: SyncRun) -> None:
    SyncRun.objects.update(trigger="refusal")

    assert "<dd>A refused deploy" in viewer.get(f"/syncs/{run.pk}/").text
    assert "triggered by a refused deploy," in viewer.get("/activity/").text


@pytest.mark.parametrize(
    "stated",
    [
        "4 sites, 2 changed, 1 not checked, 1 deploy started.",
        "2.5 s",
        "GitHub 2, registry 3, cluster 1",
        "4987 of 5000 left",
        "Auto-deploy is off for this site.",
        "GitHub does not answer.",
    ],
)
def test_its_page_says_what_happened(viewer: Client, run: SyncRun, stated: str) -> None:
    assert stated in viewer.get(f"/syncs/{run.pk}/").text


@pytest.mark.parametrize(
    ("kind", "hosts"),
    [
        ("", "abcd"),
        ("deployed", "a"),
        ("held-back", "b"),
        ("in-trouble", "c"),
        ("current", "d"),
        ("nonsense", "abcd"),
    ],
)
def test_a_filter_narrows_it(viewer: Client, run: SyncRun, kind: str, hosts: str) -> None:
    page = viewer.get(f"/syncs/{run.pk}/?show={kind}").text

    assert [each for each in "abcd" if f"{each}.example.com" in page] == list(hosts)


def test_one_that_runs_asks_again(viewer: Client) -> None:
    run = SyncRun.objects.create(started_at=AT, trigger="schedule")

    page = viewer.get(f"/syncs/{run.pk}/").text

    assert "No decision yet." in page
    assert "data-every" in page


def test_one_that_was_thrown_away_is_404(viewer: Client) -> None:
    assert viewer.get("/syncs/999/").status_code == 404
