"""What people read says what an engineer would say: phrases that were replaced must not come back (tests/style/wording.yaml)."""

import re
import subprocess
from pathlib import Path

import yaml

CHECKOUT = Path(__file__).parents[2]
DATA = Path(__file__).with_name("wording.yaml")
SAY_INSTEAD: dict[str, str] = {old.casefold(): new for old, new in yaml.safe_load(DATA.read_text()).items()}
ANY = re.compile("|".join(map(re.escape, SAY_INSTEAD)))
TEXTS = (
    "*.py",
    "*.html",
    "*.txt",
    "*.js",
    "*.css",
    "*.md",
    "*.yaml",
    "*.yml",
    "*.toml",
    "Makefile",
    "Dockerfile",
)
# A migration is as it was when it ran.
FROZEN = ("deployments/migrations/", "tests/style/test_wording.py", "tests/style/wording.yaml")


def _texts() -> list[Path]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *TEXTS]
    listed = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    return [
        CHECKOUT / each
        for each in listed
        if each and not each.startswith(FROZEN) and (CHECKOUT / each).exists()
    ]


def _found_in(text: str) -> list[str]:
    """`12: say “Cancel”, not “leave it”` for each phrase that must not come back."""
    return [
        f"{number}: say “{SAY_INSTEAD[old]}”, not “{old}”"
        for number, line in enumerate(text.casefold().splitlines(), start=1)
        for old in ANY.findall(line)
    ]


def test_no_replaced_phrase_comes_back() -> None:
    found = [
        f"{path.relative_to(CHECKOUT)}:{each}" for path in _texts() for each in _found_in(path.read_text())
    ]

    assert found == []


def test_a_replaced_phrase_is_found_with_its_line_and_better_words() -> None:
    assert _found_in("<p>\n<a>Leave It</a>") == ["2: say “Cancel, or Not now”, not “leave it<”"]


def test_other_words_are_let_pass() -> None:
    assert _found_in("Cancel. Queued, starting shortly.") == []
