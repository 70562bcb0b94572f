"""Activity: who did what, without the syncs that found nothing in the way."""

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from dashboard.sync_folds import folded
from deployments.models import Site, SyncRun
from deployments.queries.history import Sync
from tests.dashboard.conftest import HOST


def sync(result: str = "good", **counts: int) -> Sync:
    return Sync(SyncRun(result=result, **counts), ())


@pytest.mark.parametrize(
    ("syncs", "lengths"),
    [
        ([], []),
        ([sync()], [1]),
        ([sync(), sync(), sync()], [3]),
        ([sync(), sync(changed=1), sync(), sync()], [1, 1, 2]),
        ([sync(requested=1), sync(requested=2)], [1, 1]),
        ([sync("failed"), sync("failed"), sync("running"), sync("troubled")], [1, 1, 1, 1]),
    ],
)
def test_syncs_in_a_row_that_found_nothing_are_one(syncs: list[Sync], lengths: list[int]) -> None:
    folds = folded(syncs)

    assert [len(each.syncs) for each in folds] == lengths
    assert [each.is_folded for each in folds] == [length > 1 for length in lengths]
    assert [each for fold in folds for each in fold.syncs] == syncs


def ended(trigger: str, *names: str, changed: int = 0, is_full: bool = False) -> SyncRun:
    now = timezone.now()
    return SyncRun.objects.create(
        started_at=now,
        finished_at=now,
        result="good",
        trigger=trigger,
        sites=len(names),
        changed=changed,
        is_full=is_full,
        decisions={name: ["stop", "", "current", ""] for name in names},
    )


def test_a_sync_of_a_few_sites_names_them(
    viewer: Client, django_assert_num_queries: Callable[..., object]
) -> None:
    ended("rollout", "cron.example.com", "blog.example.com", changed=1)
    ended("hook", *(f"{letter}.example.com" for letter in "edcba"), changed=2)
    ended("schedule", "everything.example.com", changed=1, is_full=True)

    with django_assert_num_queries(6):
        page = viewer.get("/activity/").text

    assert "blog.example.com, cron.example.com, 1 changed" in page
    assert "a.example.com, b.example.com, c.example.com and 2 more, 2 changed" in page
    assert "everything.example.com" not in page


def test_those_that_found_nothing_are_folded_and_still_lead_to_their_pages(viewer: Client) -> None:
    quiet = [ended("schedule", "cron.example.com") for _ in range(3)]

    page = viewer.get("/activity/").text

    assert "3 syncs found nothing new" in page
    (fold,) = re.findall("<details.*?</details>", page, re.DOTALL)
    assert all(f'href="/syncs/{each.pk}/"' in fold for each in quiet)


@pytest.mark.parametrize("linked", ["/me/notifications/", "/static/dashboard/install.js"])
def test_notifications_and_installing_are_found_under_account(viewer: Client, linked: str) -> None:
    assert linked in viewer.get("/account/").text


@pytest.mark.parametrize("path", ["/", "/activity/", "/account/", f"/sites/{HOST}/deploy"])
def test_icons_are_hidden_from_screen_readers(deployer: Client, site: Site, path: str) -> None:
    page = deployer.get(path).text

    assert re.findall(r"<svg(?![^>]*aria-hidden)", page) == []
    assert "<svg" in page
