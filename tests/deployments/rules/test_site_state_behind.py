"""Sites in order: current, or behind and what may ship."""

from datetime import timedelta

import pytest

from deployments.rules.site_state import CheckState, answer_for
from tests.deployments.rules.site_facts import (
    BELOW,
    BUILT,
    CURRENT,
    HEAD,
    NOW,
    OLD,
    RUNNING,
    STALE_AFTER,
    deploy,
    hold,
    site,
)

RED = {"check_state": CheckState.FAILURE}
UNBUILT = {"head_image_built": False}
ZERO = {"ready": 0, "wanted": 0, "running_sha": ""}
NO_NODE = ZERO | {"mapped": ("DaemonSet cron",)}
JOBS = ZERO | {"mapped": ("CronJob tick", "CronJob report")}

CASES = {
    "the head runs": (CURRENT, ("current", "Runs the newest commit, a1a1a1a.", "none")),
    "the head runs in some pods": (
        CURRENT | {"ready": 2},
        ("current", "Runs the newest commit, a1a1a1a. 2 of 3 pods are ready.", "none"),
    ),
    "the head runs, and elsewhere what no site maps": (
        CURRENT | {"unmapped": "Same image, not mapped: Deployment worker at 0000000."},
        (
            "current",
            "Runs the newest commit, a1a1a1a. Same image, not mapped: Deployment worker at 0000000.",
            "none",
        ),
    ),
    "the head runs and another commit is desired": (
        CURRENT | {"desired_sha": OLD},
        (
            "current",
            "Runs the newest commit, a1a1a1a. The Deployment asks for 0000000, but its pods do not run it.",
            "none",
        ),
    ),
    "scaled to zero at the head": (
        CURRENT | ZERO,
        ("current", "Scaled to zero: no pod runs, and one would run the newest commit, a1a1a1a.", "none"),
    ),
    "scaled to zero and behind": (
        ZERO | {"behind_by": 12},
        ("ready", "Scaled to zero: no pod runs. 12 commits behind. b2b2b2b is ready to deploy.", "deploy"),
    ),
    "no node for its pods at the head": (
        CURRENT | NO_NODE,
        (
            "current",
            "No node matches its DaemonSet: no pod runs, and one would run the newest commit, a1a1a1a.",
            "none",
        ),
    ),
    "no node for its pods and behind": (
        NO_NODE | {"behind_by": 12},
        (
            "ready",
            "No node matches its DaemonSet: no pod runs. 12 commits behind. b2b2b2b is ready to deploy.",
            "deploy",
        ),
    ),
    "jobs on a schedule at the head": (
        CURRENT | JOBS,
        ("current", "Its next job runs the newest commit, a1a1a1a.", "none"),
    ),
    "jobs on a schedule and behind": (
        JOBS | {"behind_by": 12},
        ("ready", "12 commits behind. b2b2b2b is ready to deploy.", "deploy"),
    ),
    "jobs on a schedule with all of its paths": (
        JOBS | {"behind_by": 12, "left_out": 12},
        ("current", "Its next job runs a1a1a1a. 12 newer commits touch none of its paths.", "none"),
    ),
    "held without end": (
        {"hold": hold()},
        ("held", "1 commit behind. This site is on hold (by nat): the demo.", "resume"),
    ),
    "held until a time": (
        {"hold": hold(until=NOW + timedelta(days=7))},
        (
            "held",
            "1 commit behind. This site is on hold (by nat, until 30 November 2026, 12:00 UTC): the demo.",
            "resume",
        ),
    ),
    "the head is held": (
        {"hold": hold(sha=HEAD, reason="", by="")},
        ("held", "1 commit behind. Commit b2b2b2b is on hold.", "resume"),
    ),
    "everything is held": (
        {"hold": hold(everything=True)},
        ("held", "1 commit behind. All deploys are paused (by nat): the demo.", "resume"),
    ),
    "the hold has expired": (
        {"hold": hold(until=NOW)},
        ("ready", "1 commit behind. b2b2b2b is ready to deploy.", "deploy"),
    ),
    "another commit is held": (
        {"hold": hold(sha=OLD)},
        ("ready", "1 commit behind. b2b2b2b is ready to deploy.", "deploy"),
    ),
    "CI failed": (
        RED | {"behind_by": 12},
        ("red", "12 commits behind. CI failed on b2b2b2b. Fix it or deploy anyway.", "deploy_anyway"),
    ),
    "the image is not built": (
        UNBUILT,
        ("building", "1 commit behind. The image of b2b2b2b is not built yet.", "deploy_when_ready"),
    ),
    "the registry does not say": (
        {"head_image_built": None, "registry_problem": "gcr.io does not answer"},
        (
            "unknown",
            "1 commit behind. Whether b2b2b2b is built is not known. gcr.io does not answer.",
            "sync",
        ),
    ),
    "the registry was not asked": (
        {"head_image_built": None},
        ("unknown", "1 commit behind. Whether b2b2b2b is built is not known. Sync now.", "sync"),
    ),
    "everything is ready": ({}, ("ready", "1 commit behind. b2b2b2b is ready to deploy.", "deploy")),
    "a commit below the newest is ready": (
        BELOW,
        ("ready", "2 commits behind. e5e5e5e is ready; the newest, b2b2b2b, has no image.", "deploy"),
    ),
    "a commit below the newest is ready, and its CI runs": (
        BELOW | {"built_check_state": CheckState.PENDING},
        (
            "ready",
            "2 commits behind. e5e5e5e is ready; the newest, b2b2b2b, has no image. CI has not finished on e5e5e5e.",
            "deploy",
        ),
    ),
    "a commit below a red one is ready": (
        BELOW | {"check_state": CheckState.FAILURE},
        (
            "ready",
            "2 commits behind. e5e5e5e is ready; the newest, b2b2b2b, has no image. CI failed on b2b2b2b.",
            "deploy",
        ),
    ),
    "a hold on the newest does not stop the one below it": (
        BELOW | {"hold": hold(sha=HEAD)},
        ("ready", "2 commits behind. e5e5e5e is ready; the newest, b2b2b2b, has no image.", "deploy"),
    ),
    "a hold on the one below it": (
        BELOW | {"hold": hold(sha=BUILT)},
        ("held", "2 commits behind. Commit e5e5e5e is on hold (by nat): the demo.", "resume"),
    ),
    "a deploy of the one below it failed": (
        BELOW | {"last": deploy(sha=BUILT, message="It crashes."), "desired_sha": RUNNING},
        ("failed", "The deploy of e5e5e5e failed. It crashes.", "retry"),
    ),
    "not built for longer than usual": (
        UNBUILT | {"head_seen_at": NOW - timedelta(minutes=30), "usual_build": timedelta(minutes=10)},
        (
            "building",
            "1 commit behind. The image of b2b2b2b is not built yet, 30 minutes after Headway first saw it. Builds usually take 10 minutes here. Check its build.",
            "deploy_when_ready",
        ),
    ),
    "not built for long, where nothing is known of builds": (
        UNBUILT | {"head_seen_at": NOW - timedelta(hours=3)},
        (
            "building",
            "1 commit behind. The image of b2b2b2b is not built yet, 3 hours after Headway first saw it. Check its build.",
            "deploy_when_ready",
        ),
    ),
    "twelve commits are ready": (
        {"behind_by": 12},
        ("ready", "12 commits behind. b2b2b2b is ready to deploy.", "deploy"),
    ),
    "ready while CI runs": (
        {"check_state": CheckState.PENDING},
        ("ready", "1 commit behind. b2b2b2b is ready to deploy. CI has not finished.", "deploy"),
    ),
    "ready before CI has begun": (
        {"check_state": CheckState.OVERDUE},
        ("ready", "1 commit behind. b2b2b2b is ready to deploy. CI has not begun.", "deploy"),
    ),
    "ready, and nothing says whether CI passed": (
        {"check_state": CheckState.UNKNOWN, "check_problem": "Grant it."},
        (
            "ready",
            "1 commit behind. b2b2b2b is ready to deploy. Whether CI passed is not known. Grant it.",
            "deploy",
        ),
    ),
    "ready without CI": (
        {"check_state": CheckState.NONE},
        ("ready", "1 commit behind. b2b2b2b is ready to deploy.", "deploy"),
    ),
    "behind by nobody knows how many": (
        {"behind_by": None, "ahead_by": None},
        (
            "ready",
            "Not at b2b2b2b; how many commits behind is not known. b2b2b2b is ready to deploy.",
            "deploy",
        ),
    ),
    "GitHub's counts contradict its head": (
        {"behind_by": 0},
        (
            "ready",
            "Not at b2b2b2b; how many commits behind is not known. b2b2b2b is ready to deploy.",
            "deploy",
        ),
    ),
    "diverged": (
        {"ahead_by": 2},
        (
            "ready",
            "Diverged: 2 commits ahead of the branch, 1 behind. b2b2b2b is ready to deploy.",
            "deploy",
        ),
    ),
    "ahead of the branch": (
        {"ahead_by": 1, "behind_by": 0},
        ("ready", "Diverged: 1 commit ahead of the branch. b2b2b2b is ready to deploy.", "deploy"),
    ),
    "behind with few pods": (
        {"ready": 1},
        ("ready", "1 commit behind. b2b2b2b is ready to deploy. 1 of 3 pods is ready.", "deploy"),
    ),
}


@pytest.mark.parametrize(("changes", "expected"), CASES.values(), ids=CASES.keys())
def test_a_site_has_one_answer(changes, expected):
    answer = answer_for(site(**changes), now=NOW, stale_after=STALE_AFTER)

    assert (answer.state, answer.message, answer.action) == expected
