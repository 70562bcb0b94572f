"""Wording helpers that sentences for people share."""

import pytest

from deployments.rules.wording import is_same_news, some_of


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [
        (0, 1, "0 of 1 new pods is"),
        (1, 1, "1 of 1 new pod is"),
        (1, 3, "1 of 3 new pods is"),
        (0, 3, "0 of 3 new pods are"),
        (2, 3, "2 of 3 new pods are"),
    ],
)
def test_a_part_of_a_whole_is_said_as_english_does(part, whole, expected):
    assert some_of(part, whole, "new pod") == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('pods "shop-5d4f8c7b9-x2k4p" is forbidden', 'pods "shop-5d4f8c7b9-q7w9z" is forbidden'),
        (f'sandbox "{"8a" * 32}": no address', f'sandbox "{"9b" * 32}": no address'),
        ("being pulled, for 8 minutes so far", "being pulled, for 9 minutes so far"),
        ("read tcp 10.1.0.7:43210->10.0.0.1:443: reset", "read tcp 10.1.0.7:51234->10.0.0.1:443: reset"),
    ],
)
def test_a_report_that_differs_in_names_ids_and_times_only_is_no_news(one, other):
    assert is_same_news(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Creating the new pods (1 of 3).", "Creating the new pods (2 of 3)."),
        (
            "Container “web” crashed (exit code 1). Read its log.",
            "Container “web” crashed (exit code 2). Read its log.",
        ),
        ("limited: pods=12", "limited: pods=13"),
        ('configmap "cron" not found', 'configmap "shop" not found'),
    ],
)
def test_any_other_difference_is_news(one, other):
    assert not is_same_news(one, other)
