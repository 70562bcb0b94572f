"""Which pods a restart has made: those that carry its mark, or a later one."""

import pytest

from deployments.rules.pods import Pod
from deployments.rules.restarts import RESTARTED_AT, restarted_pods
from deployments.rules.workloads import Counts, Template, Workload

ASKED = "2026-11-22T10:00:00+00:00"
LATER = "2026-11-22T11:00:00Z"
NOBODY = Counts(wanted=1, total=0, updated=0, ready=0, available=0)


def marked(mark: str) -> dict[str, str]:
    return {RESTARTED_AT: mark} if mark else {}


@pytest.mark.parametrize(
    ("present", "marks", "names"),
    [
        (ASKED, [ASKED, ""], ["pod-0"]),
        (LATER, [ASKED, LATER], ["pod-1"]),
        ("2026-11-22T09:00:00Z", ["2026-11-22T09:00:00Z"], []),
        ("", [""], []),
        ("yesterday", ["yesterday"], []),
        ("2026-11-22T11:00:00", ["2026-11-22T11:00:00"], []),
    ],
    ids=["its own", "a later one's", "gone back", "no mark", "no time", "a time without a zone"],
)
def test_the_pods_of_the_present_mark_are_new_where_it_is_not_older(
    present: str, marks: list[str], names: list[str]
) -> None:
    deployment = Workload(kind="Deployment", template=Template(annotations=marked(present)), counts=NOBODY)
    pods = [Pod(name=f"pod-{number}", annotations=marked(mark)) for number, mark in enumerate(marks)]

    found = restarted_pods(deployment, pods, at=ASKED)

    assert [each.name for each in found] == names
