"""Every refusal: what is known of the site, its settings, and the verdict."""

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
    "site held": ({"hold": hold()}, {}, Stop("This site is on hold (by nat): the demo.")),
    "commit held": ({"hold": hold(sha=HEAD)}, {}, Stop("Commit b2b2b2b is on hold (by nat): the demo.")),
    "everything held": (
        {"hold": hold(everything=True)},
        {},
        Stop("All deploys are paused (by nat): the demo."),
    ),
    "held for a time": (
        {"hold": hold(until=NOW + timedelta(hours=1))},
        {},
        Wait("This site is on hold (by nat, until 23 November 2026, 13:00 UTC): the demo."),
    ),
    "active": ({"active": deploy(sha=OLD)}, {}, Wait("The deploy of 0000000 is still in progress.")),
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
            "Its manager undoes what is deployed here. Choose what to deploy next."
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
        Stop(f"Wrong image: running gcr.io/icco-cloud/photos, expected {REPOSITORY}. Correct the mapping."),
    ),
    "no known commit": (
        {"desired_sha": "", "running_sha": "", "desired_image": REPOSITORY + ":latest"},
        {},
        Stop(
            f"{REPOSITORY}:latest names no commit that GitHub knows. Correct the mapping, or deploy the newest."
        ),
    ),
    "no ready pods": (
        {"running_sha": "", "ready": 0},
        {},
        Stop("None of its 3 pods is ready. Roll back, or deploy manually."),
    ),
    "scaled to zero": (
        {"running_sha": "", "ready": 0, "wanted": 0},
        {},
        Stop(
            "Scaled to zero: no pod would show whether the new commit works. Scale it up, or deploy manually."
        ),
    ),
    "no node for its pods": (
        {"running_sha": "", "ready": 0, "wanted": 0, "mapped": ("DaemonSet cron",)},
        {},
        Stop(
            "No node matches its DaemonSet: no pod would show whether the new commit works. Label a node, or deploy manually."
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
            "Only a commit ahead of what runs is deployed automatically."
        ),
    ),
    "behind by nought": (
        {"behind_by": 0},
        {},
        Stop(
            "Not at b2b2b2b; how many commits behind is not known. "
            "Only a commit ahead of what runs is deployed automatically."
        ),
    ),
    "ahead unknown": (
        {"ahead_by": None},
        {},
        Stop("1 commit behind. Only a commit ahead of what runs is deployed automatically."),
    ),
    "diverged": (
        {"ahead_by": 1},
        {},
        Stop(
            "Diverged: 1 commit ahead of the branch, 1 behind. "
            "Only a commit ahead of what runs is deployed automatically."
        ),
    ),
    "requested already": (
        {"desired_sha": HEAD},
        {},
        Wait("The Deployment already asks for b2b2b2b, but its pods do not run it yet."),
    ),
    "someone else's rollout": (
        {"desired_sha": OLD},
        {},
        Wait("A rollout of 0000000 that was started outside Headway is not finished."),
    ),
    "red": (
        {"check_state": CheckState.FAILURE},
        {},
        Stop("CI failed on b2b2b2b. Fix it or deploy anyway."),
    ),
    "red where nobody waits": (
        {"check_state": CheckState.FAILURE},
        {"wait_for_ci": False},
        Stop("CI failed on b2b2b2b. Fix it or deploy anyway."),
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
    "below: held": (
        BELOW | {"hold": hold(sha=BUILT)},
        {},
        Stop("Commit e5e5e5e is on hold (by nat): the demo."),
    ),
    "below: pending": (
        BELOW | {"built_check_state": CheckState.PENDING},
        {},
        Wait("CI has not finished on e5e5e5e."),
    ),
    "below: not known to be ahead": (
        BELOW | {"ahead_by": 1},
        {},
        Stop(
            "Diverged: 1 commit ahead of the branch, 2 behind. "
            "Only a commit ahead of what runs is deployed automatically."
        ),
    ),
    "below: requested already": (
        BELOW | {"desired_sha": BUILT},
        {},
        Wait("The Deployment already asks for e5e5e5e, but its pods do not run it yet."),
    ),
    "below: tried": (
        BELOW,
        {"tried_shas": frozenset({BUILT})},
        Stop("e5e5e5e was already auto-deployed once. Retry it manually."),
    ),
    "below: reverted": (
        BELOW,
        {"head_reverted_by": HEAD},
        Wait("e5e5e5e is reverted by b2b2b2b, which is deployed instead."),
    ),
    "tried": (
        {},
        {"tried_shas": frozenset({HEAD})},
        Stop("b2b2b2b was already auto-deployed once. Retry it manually."),
    ),
    "tried, by the last deploy": (
        {"last": deploy(automatic=True)},
        {},
        Stop("b2b2b2b was already auto-deployed once. Retry it manually."),
    ),
    "cancelled by a person": (
        {"last": deploy(status="cancelled")},
        {},
        Stop("b2b2b2b was already deployed manually and does not run. Retry it manually."),
    ),
    "going back from the head failed": (
        {"last": deploy(sha=RUNNING, from_sha=HEAD)},
        {},
        Stop("The deploy of a1a1a1a failed. Choose what to deploy next."),
    ),
    "reverted": (
        {},
        {"head_reverted_by": "c3" * 20},
        Wait("b2b2b2b is reverted by c3c3c3c, which is deployed instead."),
    ),
    "too soon": (
        {},
        {"last_started_at": NOW - timedelta(minutes=10), "minimum_interval": timedelta(hours=1)},
        Wait("The last deploy started less than 1 hour ago; 50 minutes to go."),
    ),
}
