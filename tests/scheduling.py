"""How a run's processes share its tests: by file, since a file's tests share what is started for them."""

from itertools import chain, zip_longest

import pytest
from xdist.scheduler import LoadFileScheduling

BROWSERS_FOLDER = "tests/e2e/"


class BrowsersInTwoHalves(LoadFileScheduling):
    """All of the browsers' files are two units: each process that has some of them starts web, worker, Chromium and a world."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        if not file.startswith(BROWSERS_FOLDER):
            return file
        return f"{BROWSERS_FOLDER} {'first' if file < f'{BROWSERS_FOLDER}test_i' else 'second'} half"


def turns_of(items: list[pytest.Item]) -> dict[pytest.Item, int]:
    """In which order files are dealt out: the browsers'; then a slow one and a quick one by turns, since the slow ones mostly
    wait: first those of few tests, which take long each. Small quick ones fill the end.
    """
    files: dict[str, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.nodeid.partition("::")[0], []).append(item)
    stages: tuple[list[list[pytest.Item]], ...] = ([], [], [])
    for file, there in sorted(files.items(), key=lambda each: -len(each[1])):
        is_slow = any(item.get_closest_marker("slow") for item in there)
        stages[0 if file.startswith(BROWSERS_FOLDER) else 1 if is_slow else 2].append(there)
    browsers, slow, quick = stages
    by_turns = chain.from_iterable(zip_longest(reversed(slow), quick, fillvalue=[]))
    return {item: turn for turn, there in enumerate([*browsers, *by_turns]) for item in there}
