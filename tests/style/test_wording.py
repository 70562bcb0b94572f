"""What people read says what an engineer would say: phrases that were replaced must not come back (tests/style/wording.yaml).

Read are pages, messages, docs, help texts and commands' output, and what the next engineer reads: docstrings, comments,
manifests and tests' names. A phrase is found whole, in any case, and across the end of a line.
"""

import re
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

CHECKOUT = Path(__file__).parents[2]
DATA = Path(__file__).with_name("wording.yaml")
SAY_INSTEAD: dict[str, str] = {old.casefold(): new for old, new in yaml.safe_load(DATA.read_text()).items()}
# A migration is as it was when it ran; the licence and the lock file are other people's words; the last three name the old words.
FROZEN = (
    "deployments/migrations/",
    "LICENSE",
    "uv.lock",
    "tests/style/test_identifiers.py",
    "tests/style/test_wording.py",
    "tests/style/wording.yaml",
)
BINARY = (".png", ".gz")
COMMENT_MARKS = {"#", "//", "*", "/*", "--", "{#"}
TEST_NAME = re.compile(r"\btest_\w+")


def _texts() -> list[Path]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout
    return [
        CHECKOUT / each
        for each in listed.splitlines()
        if not each.startswith(FROZEN) and not each.endswith(BINARY) and (CHECKOUT / each).is_file()
    ]


def _pattern(phrase: str) -> re.Pattern[str]:
    """The phrase and no part of a longer word: “mend” is not in “recommend”."""
    before = r"(?<!\w)" if phrase[0].isalnum() else ""
    after = r"(?!\w)" if phrase[-1].isalnum() else ""
    return re.compile(before + re.escape(phrase) + after)


def _plain(text: str) -> str:
    """In lower case on one line, without the marks of comments, and with the words of tests' names apart."""
    text = TEST_NAME.sub(lambda name: name.group().replace("_", " "), text)
    return " ".join([word for word in text.casefold().split() if word not in COMMENT_MARKS])


def _found_in(text: str) -> list[str]:
    """`12: say “Cancel”, not “leave it”` for each phrase that must not come back, by the lines where it begins."""
    plain = _plain(text)
    found = [old for old in SAY_INSTEAD if old in plain and _pattern(old).search(plain)]
    return [
        f"{line}: say “{SAY_INSTEAD[old]}”, not “{old}”" for old in found for line in _lines_of(old, text)
    ]


def _lines_of(phrase: str, text: str) -> list[int]:
    lines = [*text.splitlines(), ""]
    pattern = _pattern(phrase)
    return [
        number
        for number, (line, following) in enumerate(pairwise(lines), start=1)
        if len(pattern.findall(_plain(f"{line}\n{following}"))) > len(pattern.findall(_plain(following)))
    ]


def test_no_replaced_phrase_comes_back() -> None:
    found = [
        f"{path.relative_to(CHECKOUT)}:{each}" for path in _texts() for each in _found_in(path.read_text())
    ]

    assert found == []


def test_a_replaced_phrase_is_found_with_its_line_and_better_words() -> None:
    assert _found_in("<p>\n<a>Leave It</a>") == ["2: say “Cancel, or Not now”, not “leave it<”"]


@pytest.mark.parametrize(
    "text",
    [
        '"""Where it is not\n    told."""',
        "x = 1  # it was asked\n# for",
        "def test_a_page_that_was_asked_for(): ...",
        "Nobody mends it.",
        "help_text='Deployed by itself.'",
    ],
)
def test_it_is_found_in_comments_across_lines_and_in_the_names_of_tests(text: str) -> None:
    assert _found_in(text)


@pytest.mark.parametrize(
    "text", ["Cancel. Queued, starting shortly.", "recommend", "understands", "is_told_elsewhere", "untold"]
)
def test_other_words_are_let_pass(text: str) -> None:
    assert _found_in(text) == []


@pytest.mark.parametrize(
    "path", ["README.md", "docs/operate.md", "k8s/base/worker.yaml", "Makefile", ".ci/run"]
)
def test_what_people_read_is_among_the_texts(path: str) -> None:
    assert CHECKOUT / path in _texts()
