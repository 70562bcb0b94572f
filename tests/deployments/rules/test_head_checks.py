"""What a head check finds new, which heads it watches, and how much of GitHub's budget it takes."""

from datetime import timedelta

import pytest

from deployments.rules.head_checks import (
    WATCHED_FOR,
    Known,
    Watch,
    is_new,
    is_under_way,
    must_ask_for_image,
    pause_for,
    watches,
)
from tests.factories import NOW

A, B = "a" * 40, "b" * 40
TWO_MINUTES = timedelta(minutes=2)


def known(head: str = B, running: str = A, check_state: str = "success", *, built: bool = True) -> Known:
    return Known(head, running, check_state, built)


@pytest.mark.parametrize(
    ("site", "sha", "check_state", "new"),
    [
        (known(), B, "success", False),
        (known(), "c" * 40, "success", True),
        (known(check_state="pending"), B, "success", True),
        # CI no longer matters for what runs.
        (known(running=B, check_state="pending"), B, "success", False),
    ],
)
def test_another_head_is_new_and_so_is_ci_s_answer_until_it_runs(
    site: Known, sha: str, check_state: str, new: bool
) -> None:
    assert is_new(site, sha=sha, check_state=check_state) is new


@pytest.mark.parametrize(
    ("site", "sha", "asked"),
    [
        (known(built=False), B, True),
        (known(), B, False),
        (known(running=B, built=False), B, False),
        # Of a new head the sync asks.
        (known(built=False), "c" * 40, False),
    ],
)
def test_the_registry_is_queried_for_a_known_head_that_is_not_known_to_be_built(
    site: Known, sha: str, asked: bool
) -> None:
    assert must_ask_for_image(site, sha=sha) is asked


@pytest.mark.parametrize(
    ("site", "sha", "check_state", "built", "under_way"),
    [
        (known(), B, "success", True, False),
        (known(), B, "success", False, True),
        (known(), B, "pending", True, True),
        (known(), "c" * 40, "success", True, True),
        (known(running=B), B, "pending", False, False),
    ],
)
def test_what_is_being_built_or_tested_is_watched(
    site: Known, sha: str, check_state: str, built: bool, under_way: bool
) -> None:
    assert is_under_way(site, sha=sha, check_state=check_state, is_built=built) is under_way


def test_a_watch_begins_with_its_head_and_is_over_after_two_hours() -> None:
    earlier = NOW - timedelta(hours=1)
    before = {1: Watch(A, earlier), 2: Watch(A, earlier)}

    found = watches(before, {1: A, 2: B, 3: B}, now=NOW)

    assert found == {1: Watch(A, earlier), 2: Watch(B, NOW), 3: Watch(B, NOW)}
    assert not found[1].is_over(now=NOW)
    assert found[1].is_over(now=earlier + WATCHED_FOR)


@pytest.mark.parametrize("requests", [0, 1, 2, 8, 9, 200, 100_000])
@pytest.mark.parametrize("limit", [None, 0, 60, 5000, 15_000])
def test_an_hour_of_checks_takes_at_most_a_twentieth_of_the_budget(requests: int, limit: int | None) -> None:
    pause = pause_for(requests, limit, least=TWO_MINUTES)

    assert TWO_MINUTES <= pause <= timedelta(days=1)
    if pause < timedelta(days=1):
        assert timedelta(hours=1) / pause * requests <= max((limit or 5000) / 20, 1) * 1.001


def test_with_few_sites_the_setting_counts() -> None:
    assert pause_for(2, 5000, least=TWO_MINUTES) == TWO_MINUTES
