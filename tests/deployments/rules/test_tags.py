"""Tags as people write them, and as they are kept."""

import re

import pytest

from deployments.models.fields import whole
from deployments.rules.tags import TAGS, parse_tags


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("", ""),
        ("  backend ", "backend"),
        ("Team-A, backend;backend", "backend team-a"),
        ("b\ta\nc", "a b c"),
    ],
)
def test_tags_are_kept_in_lower_case_once_and_in_order(written: str, kept: str) -> None:
    assert parse_tags(written) == kept
    assert re.search(whole(TAGS), kept)


@pytest.mark.parametrize("text", ["a  b", " a", "a ", "-a", "A", "a\n", "x" * 31])
def test_anything_else_is_no_list_of_tags(text: str) -> None:
    assert not re.search(whole(TAGS), text)
