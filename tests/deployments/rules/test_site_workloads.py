"""What of a site's image is in no mapping, in a sentence."""

import pytest

from deployments.rules.site_workloads import unmapped_in_words

SHA = "a1" * 20


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("", ""),
        ("a", "Same image, not mapped: Job a at a1a1a1a."),
        ("ab", "Same image, not mapped: Job a at a1a1a1a, Job b at a1a1a1a."),
        ("abcde", "Same image, not mapped: Job a at a1a1a1a, Job b at a1a1a1a, Job c at a1a1a1a and 2 more."),
    ],
)
def test_at_most_three_are_named(names: str, expected: str) -> None:
    assert unmapped_in_words({f"Job {name}": SHA for name in names}) == expected
