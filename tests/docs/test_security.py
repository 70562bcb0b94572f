"""Each test that SECURITY.md names is there."""

import re

import pytest

from tests.processes import CHECKOUT

NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")
PROMISES = sorted(set(NAMED.findall((CHECKOUT / "SECURITY.md").read_text())))


def test_tests_are_named() -> None:
    assert len(PROMISES) > 10


@pytest.mark.parametrize(("file", "name"), PROMISES, ids=lambda each: each or "all of it")
def test_what_it_names_is_there(file: str, name: str) -> None:
    text = (CHECKOUT / file).read_text()

    assert f"def {name or 'test'}{'(' if name else '_'}" in text


def test_every_line_of_a_table_names_one() -> None:
    lines = (CHECKOUT / "SECURITY.md").read_text().splitlines()
    rows = [each for each in lines if each.startswith("| ") and not each.startswith("| is kept from")]

    assert rows
    assert [each for each in rows if not NAMED.search(each)] == []
