"""No page links to a file that does not exist."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import CHECKOUT

LINK = re.compile(r"\]\(<?([^)>\s]+)")
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|#")
NOT_OURS = {"node_modules", "vendor"}


def pages() -> list[Path]:
    """Every page of ours; what is installed into hidden folders is not even looked through, since each process of a run does this."""
    found = [*CHECKOUT.glob("*.md")]
    for folder in CHECKOUT.iterdir():
        if folder.is_dir() and not folder.name.startswith("."):
            found.extend(folder.rglob("*.md"))
    pages = (each.relative_to(CHECKOUT) for each in found)
    return sorted(each for each in pages if NOT_OURS.isdisjoint(each.parts))


def broken_in(page: Path) -> Iterator[str]:
    """Each relative link of the page that leads to no file and no folder."""
    for link in LINK.findall(page.read_text()):
        if not ELSEWHERE.match(link) and not (page.parent / link.partition("#")[0]).exists():
            yield link


@pytest.mark.parametrize("page", pages(), ids=str)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    assert list(broken_in(CHECKOUT / page)) == []


def test_a_broken_link_is_seen_and_a_whole_one_is_not(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "[here](page.md#part) [gone](gone.md) ![lost](images/lost.png) [web](https://example.com)"
    )

    assert list(broken_in(page)) == ["gone.md", "images/lost.png"]


PATH = re.compile(r"`([A-Za-z.][\w.-]*(?:/[\w.<>-]+)+/?|[\w-]+\.(?:py|md|html|css|js|toml|yaml))`")
ROOTS = ("", "deployments", "dashboard", "docs", "k8s")
NOT_IN_THE_CHECKOUT = re.compile(
    r"^(?:registry\.example\.\w+|gcr\.io|ghcr\.io|docker\.io|refs|rollout|apps|metadata|pods|owner|PUBLIC_URL|\.headway|kubernetes|github\.com|projects)(?:/|$)"
)


def missing_in(text: str, folder: Path) -> Iterator[str]:
    """Each path in backticks that is neither in the checkout nor relative to the page."""
    for path in PATH.findall(text):
        if NOT_IN_THE_CHECKOUT.match(path) or "<" in path:
            continue
        if not any((CHECKOUT / root / path).exists() for root in ROOTS) and not (folder / path).exists():
            yield path


@pytest.mark.parametrize("page", [each for each in pages() if each.name != "CHANGELOG.md"], ids=str)
def test_every_path_in_backticks_exists(page: Path) -> None:
    text = (CHECKOUT / page).read_text()

    assert list(missing_in(text, (CHECKOUT / page).parent)) == []


def test_a_path_that_is_gone_is_seen(tmp_path: Path) -> None:
    text = "`deployments/tasks.py` `operations/tick.py` `operations/gone.py` `gcr.io/p/app` `a sentence`"

    assert list(missing_in(text, tmp_path)) == ["operations/gone.py"]


def test_the_pages_are_found() -> None:
    assert {Path("README.md"), Path("docs/operate.md")} <= set(pages())
