"""What the Makefile offers, and the README, CONTRIBUTING and CI ask of it."""

import re
import subprocess

import pytest

from tests.conftest import need_program
from tests.processes import CHECKOUT

TARGETS = set(re.findall(r"^([a-z][a-z-]*):", (CHECKOUT / "Makefile").read_text(), re.MULTILINE))
ASKED = re.compile(r"^ *make ([a-z-]+)|`make ([a-z-]+)", re.MULTILINE)


def make(*arguments: str) -> str:
    command = [need_program("make"), "--no-print-directory", *arguments]
    return subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout


def test_its_help_names_every_target() -> None:
    assert set(re.findall(r"^  make ([a-z-]+)", make("help"), re.MULTILINE)) == TARGETS


@pytest.mark.parametrize("file", ["README.md", "CONTRIBUTING.md", ".ci/run"])
def test_what_is_asked_of_it_is_there(file: str) -> None:
    asked = {first or second for first, second in ASKED.findall((CHECKOUT / file).read_text())}

    assert asked
    assert asked <= TARGETS


def test_a_selection_is_handed_to_pytest_as_it_is() -> None:
    message = make("--dry-run", "--always-make", "test", "T=tests/e2e -k hold")

    assert message.splitlines()[-1] == ".venv/bin/pytest tests/e2e -k hold"


def test_the_tiers_differ_by_the_slow_ones() -> None:
    assert "-m 'not slow and not chaos'" in make("--dry-run", "test")
    assert "-m 'not chaos'" in make("--dry-run", "test-all")
