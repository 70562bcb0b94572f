from datetime import timedelta

import pytest

from deployments.rules.site_state import Action, Answer, CheckState, State, answer_for
from tests.deployments.rules.site_facts import (
    CURRENT,
    HEAD,
    NOW,
    OLD,
    REPOSITORY,
    RUNNING,
    STALE_AFTER,
    deploy,
    hold,
    site,
)

LONG_AGO = NOW - timedelta(hours=3)
RED = {"check_state": CheckState.FAILURE}
UNBUILT = {"head_image_built": False}
DOWN = {"ready": 0, "running_sha": ""}
ZERO = {"ready": 0, "wanted": 0, "running_sha": ""}
TRIED = {"desired_sha": HEAD, "last": deploy(sentence="The new pod crashed")}

CASES = {
    "a Deploy is active": (
        {"active": deploy(status="rolling_out", sentence="1 of 3 new pods is up")},
        ("deploying", "Deploying b2b2b2b. 1 of 3 new pods is up.", "watch"),
    ),
    "the Deployment is missing": (
        {"workload_missing": "There is no Deployment “cron” in “default”"},
        ("missing", "There is no Deployment “cron” in “default”.", "edit"),
    ),
    "the repository is missing": (
        {"repository_missing": True},
        (
            "missing",
            "GitHub has no such repository, or the token may not see it: correct its name, or give access.",
            "edit",
        ),
    ),
    "the cluster was never read": (
        {"cluster_observed_at": None},
        ("unknown", "The cluster has not been read yet. Sync now.", "sync"),
    ),
    "the cluster was never read and says why": (
        {"cluster_observed_at": None, "cluster_trouble": "The cluster refuses the token"},
        ("unknown", "The cluster has not been read yet. The cluster refuses the token.", "sync"),
    ),
    "the cluster's observation is too old": (
        {"cluster_observed_at": LONG_AGO},
        ("unknown", "The cluster was last read 3 hours ago. Sync now.", "sync"),
    ),
    "the cluster's trouble is younger than its last good observation may be": (
        {"cluster_trouble": "The cluster does not answer", "cluster_observed_at": NOW - STALE_AFTER},
        ("ready", "1 commit behind. b2b2b2b is ready to deploy.", "deploy"),
    ),
    "the container runs another app": (
        {"desired_image": "gcr.io/icco-cloud/photos:" + RUNNING},
        (
            "drifted",
            f"The container runs gcr.io/icco-cloud/photos, and this site is {REPOSITORY}: correct the mapping.",
            "edit",
        ),
    ),
    "the container's image cannot be read": (
        {"desired_image": "Not:An:Image"},
        (
            "drifted",
            "The container's image, “Not:An:Image”, cannot be read: correct it in the cluster.",
            "edit",
        ),
    ),
    "the template names no image": (
        {"expected_repository": ""},
        ("drifted", "This site's image template names no image: correct it.", "edit"),
    ),
    "the image carries no commit": (
        {"desired_image": REPOSITORY + ":latest", "desired_sha": "", "running_sha": ""},
        (
            "drifted",
            f"{REPOSITORY}:latest carries no commit that GitHub knows: correct the mapping, or deploy the newest.",
            "edit",
        ),
    ),
    "the desired image carries no commit while old pods still run": (
        {"desired_image": REPOSITORY + ":latest", "desired_sha": ""},
        (
            "drifted",
            f"{REPOSITORY}:latest carries no commit that GitHub knows: correct the mapping, or deploy the newest.",
            "edit",
        ),
    ),
    "ready pods run several commits": (
        {"running_sha": ""},
        ("unknown", "Its ready pods do not all run one commit yet; the Deployment asks for a1a1a1a.", "sync"),
    ),
    "no pod is ready and nothing was deployed here": (
        DOWN,
        ("failed", "None of its 3 pods is ready.", "sync"),
    ),
    "the only pod is not ready": (DOWN | {"wanted": 1}, ("failed", "Its pod is not ready.", "sync")),
    "no pod is ready after a Deploy": (
        DOWN | {"last": deploy(sha=RUNNING, status="succeeded", from_sha=OLD)},
        ("failed", "None of its 3 pods is ready.", "roll_back"),
    ),
    "no pod is ready after a Deploy with nothing before it": (
        DOWN | {"last": deploy(sha=RUNNING, status="succeeded", from_sha="")},
        ("failed", "None of its 3 pods is ready.", "retry"),
    ),
    "no pod is ready after a Deploy that failed": (
        DOWN | TRIED,
        (
            "failed",
            "None of its 3 pods is ready. The Deploy of b2b2b2b failed. The new pod crashed.",
            "roll_back",
        ),
    ),
    "no pod is ready while GitHub is silent": (
        DOWN | {"github_observed_at": LONG_AGO},
        ("failed", "None of its 3 pods is ready.", "sync"),
    ),
    "GitHub was never read": (
        {"github_observed_at": None, "desired_sha": "", "running_sha": ""},
        ("unknown", "GitHub has not been read yet. Sync now.", "sync"),
    ),
    "GitHub's observation is too old": (
        {"github_observed_at": LONG_AGO, "github_trouble": "GitHub refuses the token"},
        ("unknown", "GitHub was last read 3 hours ago. GitHub refuses the token.", "sync"),
    ),
    "GitHub names no head": (
        {"head_sha": ""},
        ("unknown", "GitHub names no newest commit: is the branch there?", "sync"),
    ),
    "the head's Deploy failed": (
        TRIED,
        ("failed", "The Deploy of b2b2b2b failed. The new pod crashed.", "roll_back"),
    ),
    "the head's Deploy failed and somebody put the old commit back": (
        TRIED | {"desired_sha": RUNNING},
        ("failed", "The Deploy of b2b2b2b failed. The new pod crashed.", "retry"),
    ),
    "the head's Deploy took too long": (
        {"desired_sha": HEAD, "last": deploy(status="timed_out")},
        ("failed", "The Deploy of b2b2b2b took too long.", "roll_back"),
    ),
    "the head's Deploy took too long and its pods came up afterwards": (
        {"desired_sha": HEAD, "running_sha": HEAD, "behind_by": 0, "last": deploy(status="timed_out")},
        ("current", "Runs the newest commit, b2b2b2b.", "none"),
    ),
    "the head runs but its host did not answer": (
        {
            "desired_sha": HEAD,
            "running_sha": HEAD,
            "behind_by": 0,
            "last": deploy(sentence="cron.example.org said 502"),
        },
        ("failed", "The Deploy of b2b2b2b failed. cron.example.org said 502.", "roll_back"),
    ),
    "an older commit's Deploy failed and the old pods serve": (
        {"last": deploy(sha=OLD), "behind_by": 2},
        (
            "ready",
            "2 commits behind. b2b2b2b is ready to deploy. The last Deploy, of 0000000, failed.",
            "deploy",
        ),
    ),
    "going back from the head failed": (
        {"last": deploy(sha=OLD, from_sha=HEAD), "running_sha": HEAD, "desired_sha": OLD, "behind_by": 0},
        ("failed", "The Deploy of 0000000 failed.", "roll_back"),
    ),
    "the last Deploy was cancelled": (
        {"last": deploy(status="cancelled")},
        ("ready", "1 commit behind. b2b2b2b is ready to deploy.", "deploy"),
    ),
    "the head runs": (CURRENT, ("current", "Runs the newest commit, a1a1a1a.", "none")),
    "the head runs in some pods": (
        CURRENT | {"ready": 2},
        ("current", "Runs the newest commit, a1a1a1a. 2 of 3 pods are ready.", "none"),
    ),
    "the head runs and another commit is asked for": (
        CURRENT | {"desired_sha": OLD},
        (
            "current",
            "Runs the newest commit, a1a1a1a. The Deployment asks for 0000000, which its pods do not run.",
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
    "held without end": (
        {"hold": hold()},
        ("held", "1 commit behind. This site is held by nat: the demo.", "resume"),
    ),
    "held until a time": (
        {"hold": hold(until=NOW + timedelta(days=7))},
        (
            "held",
            "1 commit behind. This site is held by nat until 30 November 2026, 12:00 UTC: the demo.",
            "resume",
        ),
    ),
    "the head is held": (
        {"hold": hold(sha=HEAD, reason="", by="")},
        ("held", "1 commit behind. b2b2b2b is held.", "resume"),
    ),
    "everything is held": (
        {"hold": hold(everything=True)},
        ("held", "1 commit behind. Everything is held by nat: the demo.", "resume"),
    ),
    "the Hold has expired": (
        {"hold": hold(until=NOW)},
        ("ready", "1 commit behind. b2b2b2b is ready to deploy.", "deploy"),
    ),
    "another commit is held": (
        {"hold": hold(sha=OLD)},
        ("ready", "1 commit behind. b2b2b2b is ready to deploy.", "deploy"),
    ),
    "CI failed": (
        RED | {"behind_by": 12},
        ("red", "12 commits behind. CI failed on b2b2b2b: mend it, or deploy anyway.", "deploy_anyway"),
    ),
    "the image is not built": (
        UNBUILT,
        ("building", "1 commit behind. The image of b2b2b2b is not built yet.", "deploy_when_ready"),
    ),
    "the registry does not say": (
        {"head_image_built": None, "registry_trouble": "gcr.io does not answer"},
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
    "twelve commits are ready": (
        {"behind_by": 12},
        ("ready", "12 commits behind. b2b2b2b is ready to deploy.", "deploy"),
    ),
    "ready while CI runs": (
        {"check_state": CheckState.PENDING},
        ("ready", "1 commit behind. b2b2b2b is ready to deploy. CI has not finished.", "deploy"),
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
            "It runs 2 commits that the branch does not have, and lacks 1 commit of it. b2b2b2b is ready to deploy.",
            "deploy",
        ),
    ),
    "ahead of the branch": (
        {"ahead_by": 1, "behind_by": 0},
        ("ready", "It runs 1 commit that the branch does not have. b2b2b2b is ready to deploy.", "deploy"),
    ),
    "behind with few pods": (
        {"ready": 1},
        ("ready", "1 commit behind. b2b2b2b is ready to deploy. 1 of 3 pods is ready.", "deploy"),
    ),
}


@pytest.mark.parametrize(("changes", "expected"), CASES.values(), ids=CASES.keys())
def test_a_site_has_one_answer(changes, expected):
    answer = answer_for(site(**changes), now=NOW, stale_after=STALE_AFTER)

    assert (answer.state, answer.sentence, answer.action) == expected


WRONG_APP = {"desired_image": "gcr.io/other:1"}
PRECEDENCE = [
    ("deploying", {"active": deploy(status="queued")}),
    ("missing", {"workload_missing": "Gone"}),
    ("unknown", {"cluster_observed_at": LONG_AGO}),
    ("drifted", WRONG_APP),
    ("failed", {"ready": 0}),
    ("unknown", {"github_observed_at": LONG_AGO}),
    ("drifted", {"desired_sha": ""}),
    ("unknown", {"running_sha": ""}),
    ("failed", {"last": deploy()}),
    ("held", {"hold": hold()}),
    ("red", RED),
    ("building", UNBUILT),
    ("ready", {}),
]


@pytest.mark.parametrize("place", range(len(PRECEDENCE)))
def test_the_first_trouble_in_order_wins_over_all_that_follow(place):
    everything_from_here = {}
    for _, changes in PRECEDENCE[place:]:
        everything_from_here |= changes

    answer = answer_for(site(**everything_from_here), now=NOW, stale_after=STALE_AFTER)

    assert answer.state == PRECEDENCE[place][0]


def test_a_current_site_is_not_held_red_or_building():
    facts = site(**CURRENT, **RED, **UNBUILT, hold=hold())

    assert answer_for(facts, now=NOW, stale_after=STALE_AFTER).state is State.CURRENT


def test_sites_sort_by_who_needs_a_person():
    answers = sorted((Answer(state, "", Action.NONE) for state in State), key=lambda answer: answer.rank)

    assert [answer.state for answer in answers] == [
        "failed",
        "drifted",
        "missing",
        "unknown",
        "deploying",
        "ready",
        "red",
        "building",
        "held",
        "current",
    ]
