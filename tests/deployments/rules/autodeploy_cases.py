"""Every refusal: what is known of the site, what is wished, and the verdict."""

from datetime import timedelta

from deployments.rules.autodeploy import Stop, Wait
from deployments.rules.site_state import CheckState
from tests.deployments.rules.site_facts import (
    BELOW,
    BUILT,
    CURRENT,
    HEAD,
    NOW,
    OLD,
    REPOSITORY,
    RUNNING,
    deploy,
    hold,
)

LONG_AGO = NOW - timedelta(hours=3)

CASES = {
    "off": ({}, {"auto_deploy": False}, Stop("Auto-deploy is off for this site.")),
    "site held": ({"hold": hold()}, {}, Stop("This site is held by nat: the demo.")),
    "commit held": ({"hold": hold(sha=HEAD)}, {}, Stop("Commit b2b2b2b is held by nat: the demo.")),
    "everything held": ({"hold": hold(everything=True)}, {}, Stop("Everything is held by nat: the demo.")),
    "held for a time": (
        {"hold": hold(until=NOW + timedelta(hours=1))},
        {},
        Wait("This site is held by nat until 23 November 2026, 13:00 UTC: the demo."),
    ),
    "active": ({"active": deploy(sha=OLD)}, {}, Wait("The Deploy of 0000000 is still under way.")),
    "a manager puts its own image back": (
        {
            "last": deploy(
                sha=OLD,
                status="superseded",
                reason="put_back",
                message="argocd put a1a1a1a back 40 seconds later.",
            )
        },
        {},
        Stop(
            "argocd put a1a1a1a back 40 seconds later. "
            "Its manager undoes what is deployed here, so a person decides what comes next."
        ),
    ),
    "missing": ({"workload_missing": "Gone"}, {}, Stop("Gone.")),
    "refused by GitHub": (
        {"github_refused": True, "github_problem": "GitHub refuses icco/cron"},
        {},
        Stop("GitHub refuses icco/cron."),
    ),
    "desired commit not asked about": (
        {"github_problem": "GitHub failed", "desired_sha": "", "desired_image": REPOSITORY + ":abababa"},
        {},
        Wait(f"GitHub could not be asked which commit {REPOSITORY}:abababa carries. GitHub failed."),
    ),
    "cluster not read": (
        {"cluster_observed_at": None},
        {},
        Wait("The cluster has not been read yet. Sync now."),
    ),
    "cluster read too long ago": (
        {"cluster_observed_at": LONG_AGO},
        {},
        Wait("The cluster was last read 3 hours ago. Sync now."),
    ),
    "github read too long ago": (
        {"github_observed_at": LONG_AGO},
        {},
        Wait("GitHub was last read 3 hours ago. Sync now."),
    ),
    "wrong app": (
        {"desired_image": "gcr.io/icco-cloud/photos:1"},
        {},
        Stop(
            f"The container runs gcr.io/icco-cloud/photos, and this site is {REPOSITORY}. Correct the mapping."
        ),
    ),
    "no known commit": (
        {"desired_sha": "", "running_sha": "", "desired_image": REPOSITORY + ":latest"},
        {},
        Stop(
            f"{REPOSITORY}:latest carries no commit that GitHub knows. Correct the mapping, or deploy the newest."
        ),
    ),
    "no ready pods": (
        {"running_sha": "", "ready": 0},
        {},
        Stop("None of its 3 pods is ready. Roll back, or deploy by hand."),
    ),
    "scaled to zero": (
        {"running_sha": "", "ready": 0, "wanted": 0},
        {},
        Stop(
            "Scaled to zero: no pod would show whether the new commit works. Scale it up, or deploy by hand."
        ),
    ),
    "mixed pods": (
        {"running_sha": ""},
        {},
        Wait("Its ready pods do not all run the same commit yet. The Deployment asks for a1a1a1a."),
    ),
    "current": (CURRENT, {}, Wait("Runs the newest commit, a1a1a1a.")),
    "behind unknown": (
        {"behind_by": None, "ahead_by": None},
        {},
        Stop(
            "Not at b2b2b2b; how many commits behind is not known. "
            "Only a commit ahead of what runs goes out by itself."
        ),
    ),
    "behind by nought": (
        {"behind_by": 0},
        {},
        Stop(
            "Not at b2b2b2b; how many commits behind is not known. "
            "Only a commit ahead of what runs goes out by itself."
        ),
    ),
    "ahead unknown": (
        {"ahead_by": None},
        {},
        Stop("1 commit behind. Only a commit ahead of what runs goes out by itself."),
    ),
    "diverged": (
        {"ahead_by": 1},
        {},
        Stop(
            "It runs 1 commit that the branch does not have, and lacks 1 commit of it. "
            "Only a commit ahead of what runs goes out by itself."
        ),
    ),
    "asked for already": (
        {"desired_sha": HEAD},
        {},
        Wait("The Deployment already asks for b2b2b2b, but its pods do not run it yet."),
    ),
    "somebody else's rollout": (
        {"desired_sha": OLD},
        {},
        Wait("A rollout of 0000000 that Headway did not begin is not finished."),
    ),
    "red": (
        {"check_state": CheckState.FAILURE},
        {},
        Stop("CI failed on b2b2b2b: mend it, or deploy anyway."),
    ),
    "red where nobody waits": (
        {"check_state": CheckState.FAILURE},
        {"wait_for_ci": False},
        Stop("CI failed on b2b2b2b: mend it, or deploy anyway."),
    ),
    "pending": ({"check_state": CheckState.PENDING}, {}, Wait("CI has not finished on b2b2b2b.")),
    "overdue": (
        {"check_state": CheckState.OVERDUE},
        {},
        Wait("CI has not begun on b2b2b2b, and earlier commits of this branch had CI."),
    ),
    "ci unknown": (
        {"check_state": CheckState.UNKNOWN},
        {},
        Wait("Whether CI passed on b2b2b2b is not known."),
    ),
    "ci unknown, and why": (
        {"check_state": CheckState.UNKNOWN, "check_problem": "Grant it."},
        {},
        Wait("Whether CI passed on b2b2b2b is not known. Grant it."),
    ),
    "not built": ({"head_image_built": False}, {}, Wait("The image of b2b2b2b is not built yet.")),
    "build unknown": (
        {"head_image_built": None, "registry_problem": "gcr.io does not answer"},
        {},
        Wait("Whether b2b2b2b is built is not known. gcr.io does not answer."),
    ),
    "below: held": (BELOW | {"hold": hold(sha=BUILT)}, {}, Stop("Commit e5e5e5e is held by nat: the demo.")),
    "below: pending": (
        BELOW | {"built_check_state": CheckState.PENDING},
        {},
        Wait("CI has not finished on e5e5e5e."),
    ),
    "below: not known to be ahead": (
        BELOW | {"ahead_by": 1},
        {},
        Stop(
            "It runs 1 commit that the branch does not have, and lacks 2 commits of it. "
            "Only a commit ahead of what runs goes out by itself."
        ),
    ),
    "below: asked for already": (
        BELOW | {"desired_sha": BUILT},
        {},
        Wait("The Deployment already asks for e5e5e5e, but its pods do not run it yet."),
    ),
    "below: tried": (
        BELOW,
        {"tried_shas": frozenset({BUILT})},
        Stop("e5e5e5e was already tried by itself: a person may try it again."),
    ),
    "below: reverted": (
        BELOW,
        {"head_reverted_by": HEAD},
        Wait("e5e5e5e is reverted by b2b2b2b, which goes out instead."),
    ),
    "tried": (
        {},
        {"tried_shas": frozenset({HEAD})},
        Stop("b2b2b2b was already tried by itself: a person may try it again."),
    ),
    "tried, by the last Deploy": (
        {"last": deploy(automatic=True)},
        {},
        Stop("b2b2b2b was already tried by itself: a person may try it again."),
    ),
    "cancelled by a person": (
        {"last": deploy(status="cancelled")},
        {},
        Stop("b2b2b2b was already tried by hand and does not run: a person may try it again."),
    ),
    "going back from the head failed": (
        {"last": deploy(sha=RUNNING, from_sha=HEAD)},
        {},
        Stop("The Deploy of a1a1a1a failed. A person says what comes next."),
    ),
    "reverted": (
        {},
        {"head_reverted_by": "c3" * 20},
        Wait("b2b2b2b is reverted by c3c3c3c, which goes out instead."),
    ),
    "too soon": (
        {},
        {"last_started_at": NOW - timedelta(minutes=10), "minimum_interval": timedelta(hours=1)},
        Wait("The last Deploy began less than 1 hour ago: 50 minutes to go."),
    ),
}
