"""Which pods a restart has made: those that carry its mark, or a later one."""

import pytest

from deployments.rules.pods import Pod
from deployments.rules.restarts import RESTARTED_AT, can_restart, restarted_pods, what_a_restart_does
from deployments.rules.targets import parse_references
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


KEPT = "The commit and the image stay the same."
ROLLED = "Every pod is replaced, as many at a time as the Deployment's strategy allows."
BY_HAND = "with the update strategy OnDelete, only as you delete the old ones."
NO_PODS = "A CronJob has no pods to restart. Its next job starts new ones."


@pytest.mark.parametrize(
    ("workloads", "stated"),
    [
        ("Deployment web", (ROLLED, KEPT)),
        (
            "StatefulSet db",
            (
                f"Pods are replaced one at a time, the highest number first; none below its partition, and {BY_HAND}",
                KEPT,
            ),
        ),
        (
            "DaemonSet agent",
            (
                f"Pods are replaced node by node; {BY_HAND}",
                KEPT,
            ),
        ),
        ("CronJob tick", (NO_PODS,)),
        (
            "Deployment web; CronJob tick",
            (f"Deployment web: {ROLLED}", f"CronJob tick: {NO_PODS}", KEPT),
        ),
    ],
    ids=["Deployment", "StatefulSet", "DaemonSet", "CronJob", "several"],
)
def test_it_is_said_of_each_kind_what_a_restart_does(workloads: str, stated: tuple[str, ...]) -> None:
    assert what_a_restart_does(parse_references(workloads)) == stated


@pytest.mark.parametrize(
    ("workloads", "can"), [("CronJob tick; CronJob tock", False), ("CronJob tick; DaemonSet agent", True)]
)
def test_cron_jobs_alone_have_nothing_to_restart(workloads: str, *, can: bool) -> None:
    assert can_restart(parse_references(workloads)) is can
