"""lessons.yaml says which tests hold which lesson: all that it names are there, so that none is renamed or lost unnoticed."""

import re
from functools import cache
from pathlib import Path

import pytest
import yaml

from tests.processes import CHECKOUT

BOOK = yaml.safe_load(Path(__file__).with_name("lessons.yaml").read_text())
LESSONS = {lesson: held for chapter in BOOK.values() for lesson, held in chapter.items()}


@cache
def names_in(file: str) -> frozenset[str]:
    text = (CHECKOUT / "tests" / file).read_text()
    return frozenset(re.findall(r"^ *def (test_\w+)\(", text, re.MULTILINE))


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_has_its_tests(lesson: str) -> None:
    held = [(file, name) for file, names in LESSONS[lesson].items() for name in names]

    lost = [name for file, name in held if name not in names_in(file)]

    assert held
    assert lost == []
