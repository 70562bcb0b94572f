"""Sites that need a person, up to a Deploy that failed."""

from datetime import timedelta

import pytest

from deployments.rules.site_state import answer_for
from tests.deployments.rules.site_facts import (
    HEAD,
    NOW,
    OLD,
    REPOSITORY,
    RUNNING,
    STALE_AFTER,
    deploy,
    site,
)

LONG_AGO = NOW - timedelta(hours=3)
DOWN = {"ready": 0, "running_sha": ""}
CRASHED = {"outage_message": "Container “web” crashed (exit code 1).", "outage_reason": "crash"}
TRIED = {"desired_sha": HEAD, "last": deploy(message="The new pod crashed")}

CASES = {
    "a deploy is active": (
        {"active": deploy(status="rolling_out", message="Waiting for the new pods (1 of 3 ready)")},
        ("deploying", "Deploying b2b2b2b. Waiting for the new pods (1 of 3 ready).", "watch"),
    ),
    "a deploy that names its commit itself is active": (
        {"active": deploy(status="waiting", message="The image of b2b2b2b is not built yet")},
        ("deploying", "The image of b2b2b2b is not built yet.", "watch"),
    ),
    "the Deployment is missing": (
        {"workload_missing": "There is no Deployment “cron” in “default”"},
        ("missing", "There is no Deployment “cron” in “default”.", "edit"),
    ),
    "the repository is missing": (
        {"repository_missing": True},
        (
            "missing",
            "GitHub has no such repository, or the token may not see it. Correct its name, or give access.",
            "edit",
        ),
    ),
    "the repository is missing and GitHub's words say what of it": (
        {"repository_missing": True, "github_problem": "icco/cron is empty. Push a first commit to it"},
        ("missing", "icco/cron is empty. Push a first commit to it.", "edit"),
    ),
    "GitHub refuses in a way that time does not heal": (
        {"github_refused": True, "github_problem": "GitHub refuses icco/cron: “forbidden by a policy”"},
        ("unknown", "GitHub refuses icco/cron: “forbidden by a policy”.", "sync"),
    ),
    "GitHub refuses, and no pod is ready": (
        {"github_refused": True, "github_problem": "GitHub refuses icco/cron", "ready": 0, "running_sha": ""},
        ("failed", "None of its 3 pods is ready.", "restart"),
    ),
    "GitHub could not be asked which commit is desired": (
        {"github_problem": "GitHub failed", "desired_sha": "", "desired_image": f"{REPOSITORY}:abababa"},
        (
            "unknown",
            f"GitHub could not be asked which commit {REPOSITORY}:abababa carries. GitHub failed.",
            "sync",
        ),
    ),
    "the cluster was never read": (
        {"cluster_observed_at": None},
        ("unknown", "The cluster has not been read yet. Sync now.", "sync"),
    ),
    "the cluster was never read and says why": (
        {"cluster_observed_at": None, "cluster_problem": "The cluster refuses the token"},
        ("unknown", "The cluster has not been read yet. The cluster refuses the token.", "sync"),
    ),
    "the cluster's observation is too old": (
        {"cluster_observed_at": LONG_AGO},
        ("unknown", "The cluster was last read 3 hours ago. Sync now.", "sync"),
    ),
    "the cluster's trouble is younger than its last good observation may be": (
        {"cluster_problem": "The cluster does not answer", "cluster_observed_at": NOW - STALE_AFTER},
        ("ready", "1 commit behind. b2b2b2b is ready to deploy.", "deploy"),
    ),
    "the container runs another app": (
        {"desired_image": "gcr.io/icco-cloud/photos:" + RUNNING},
        (
            "drifted",
            f"Wrong image: running gcr.io/icco-cloud/photos, expected {REPOSITORY}. Correct the mapping.",
            "review",
        ),
    ),
    "the container's image cannot be read": (
        {"desired_image": "Not:An:Image"},
        (
            "drifted",
            "The container's image, “Not:An:Image”, cannot be read. Correct it in the cluster.",
            "review",
        ),
    ),
    "the template names no image": (
        {"expected_repository": ""},
        ("drifted", "This site's image template names no image. Correct it.", "review"),
    ),
    "someone put the commit before back after our patch": (
        {
            "desired_sha": RUNNING,
            "desired_by": "argocd-controller",
            "desired_at": NOW,
            "accepted_image": f"{REPOSITORY}:{OLD}",
            "last": deploy(status="succeeded", sha=OLD, patched_at=NOW - timedelta(seconds=40)),
        },
        (
            "drifted",
            "The Deployment asks for a1a1a1a. argocd-controller put a1a1a1a back 40 seconds later. Keep it or replace it.",
            "review",
        ),
    ),
    "someone set another commit of a StatefulSet": (
        {"mapped": ("StatefulSet db",), "accepted_image": f"{REPOSITORY}:{OLD}"},
        (
            "drifted",
            "The StatefulSet asks for a1a1a1a. It was set outside Headway. Keep it or replace it.",
            "review",
        ),
    ),
    "someone set another commit of the first of two workloads": (
        {"mapped": ("CronJob tick", "Deployment web"), "accepted_image": f"{REPOSITORY}:{OLD}"},
        (
            "drifted",
            "CronJob tick asks for a1a1a1a. It was set outside Headway. Keep it or replace it.",
            "review",
        ),
    ),
    "pods of a DaemonSet run several commits": (
        {"mapped": ("DaemonSet agent",), "running_sha": ""},
        (
            "unknown",
            "Its ready pods do not all run the same commit yet. The DaemonSet asks for a1a1a1a.",
            "sync",
        ),
    ),
    "the image is ours, and led to a mirror": (
        {
            "desired_image": f"mirror.local/cron@sha256:{'d' * 64}",
            "requested_image": f"{REPOSITORY}:{RUNNING}",
            "accepted_image": f"{REPOSITORY}:{RUNNING}",
        },
        ("ready", "1 commit behind. b2b2b2b is ready to deploy.", "deploy"),
    ),
    "the image carries no commit": (
        {"desired_image": REPOSITORY + ":latest", "desired_sha": "", "running_sha": ""},
        (
            "drifted",
            f"{REPOSITORY}:latest names no commit that GitHub knows. Correct the mapping, or deploy the newest.",
            "review",
        ),
    ),
    "the desired image carries no commit while old pods still run": (
        {"desired_image": REPOSITORY + ":latest", "desired_sha": ""},
        (
            "drifted",
            f"{REPOSITORY}:latest names no commit that GitHub knows. Correct the mapping, or deploy the newest.",
            "review",
        ),
    ),
    "ready pods run several commits": (
        {"running_sha": ""},
        (
            "unknown",
            "Its ready pods do not all run the same commit yet. The Deployment asks for a1a1a1a.",
            "sync",
        ),
    ),
    "no pod is ready and nothing was deployed here": (
        DOWN,
        ("failed", "None of its 3 pods is ready.", "restart"),
    ),
    "the only pod is not ready": (DOWN | {"wanted": 1}, ("failed", "Its pod is not ready.", "restart")),
    "no pod is ready and the pods say why": (
        DOWN | CRASHED,
        ("failed", "None of its 3 pods is ready. Container “web” crashed (exit code 1).", "restart"),
    ),
    "no pod is ready for what only the cluster can change": (
        DOWN
        | {"outage_message": "No node takes the pod.", "outage_reason": "unschedulable"}
        | {"last": deploy(sha=RUNNING, status="succeeded", from_sha=OLD)},
        ("failed", "None of its 3 pods is ready. No node takes the pod.", "restart"),
    ),
    "no pod is ready of a commit that someone else set": (
        DOWN | CRASHED | {"last": deploy(sha=OLD, status="succeeded", from_sha=HEAD)},
        ("failed", "None of its 3 pods is ready. Container “web” crashed (exit code 1).", "restart"),
    ),
    "no pod is ready after a restart": (
        DOWN | CRASHED | {"last": deploy(sha=RUNNING, status="succeeded", from_sha=RUNNING)},
        ("failed", "None of its 3 pods is ready. Container “web” crashed (exit code 1).", "restart"),
    ),
    "no pod is ready after a rollback": (
        DOWN | CRASHED | {"last": deploy(sha=RUNNING, status="succeeded", from_sha=HEAD, is_rollback=True)},
        ("failed", "None of its 3 pods is ready. Container “web” crashed (exit code 1).", "restart"),
    ),
    "no pod is ready of an image that carries no commit": (
        DOWN | CRASHED | {"desired_image": REPOSITORY + ":latest", "desired_sha": ""},
        ("failed", "None of its 3 pods is ready. Container “web” crashed (exit code 1).", "review"),
    ),
    "no pod is ready, which a refused Deploy did not bring about": (
        DOWN | CRASHED | {"last": deploy(message="The image is gone", from_sha=RUNNING)},
        (
            "failed",
            "None of its 3 pods is ready. Container “web” crashed (exit code 1). The deploy of b2b2b2b failed. The image is gone.",
            "restart",
        ),
    ),
    "no pod is ready after a deploy": (
        DOWN | {"last": deploy(sha=RUNNING, status="succeeded", from_sha=OLD)},
        ("failed", "None of its 3 pods is ready.", "roll_back"),
    ),
    "no pod is ready after a deploy with nothing before it": (
        DOWN | {"last": deploy(sha=RUNNING, status="succeeded", from_sha="")},
        ("failed", "None of its 3 pods is ready.", "restart"),
    ),
    "no pod is ready after a deploy that failed": (
        DOWN | TRIED | CRASHED,
        (
            "failed",
            "None of its 3 pods is ready. The deploy of b2b2b2b failed. The new pod crashed.",
            "roll_back",
        ),
    ),
    "no pod is ready while GitHub is silent": (
        DOWN | {"github_observed_at": LONG_AGO},
        ("failed", "None of its 3 pods is ready.", "restart"),
    ),
    "GitHub was never read": (
        {"github_observed_at": None, "desired_sha": "", "running_sha": ""},
        ("unknown", "GitHub has not been read yet. Sync now.", "sync"),
    ),
    "GitHub's observation is too old": (
        {"github_observed_at": LONG_AGO, "github_problem": "GitHub refuses the token"},
        ("unknown", "GitHub was last read 3 hours ago. GitHub refuses the token.", "sync"),
    ),
    "GitHub names no head": (
        {"head_sha": ""},
        ("unknown", "GitHub names no newest commit: is the branch there?", "sync"),
    ),
    "the head's Deploy failed": (
        TRIED,
        ("failed", "The deploy of b2b2b2b failed. The new pod crashed.", "roll_back"),
    ),
    "the head's Deploy failed and someone put the old commit back": (
        TRIED | {"desired_sha": RUNNING},
        ("failed", "The deploy of b2b2b2b failed. The new pod crashed.", "retry"),
    ),
    "the head's Deploy took too long": (
        {"desired_sha": HEAD, "last": deploy(status="timed_out")},
        ("failed", "The deploy of b2b2b2b took too long.", "roll_back"),
    ),
    "the head's Deploy took too long and its pods came up afterwards": (
        {"desired_sha": HEAD, "running_sha": HEAD, "behind_by": 0, "last": deploy(status="timed_out")},
        ("current", "Runs the newest commit, b2b2b2b.", "none"),
    ),
    "the head's Deploy found no room, which going back would not change": (
        {"desired_sha": HEAD, "last": deploy(message="No room", reason="quota")},
        ("failed", "The deploy of b2b2b2b failed. No room.", "retry"),
    ),
    "the head's Deploy waited for a volume in vain, which no other commit would attach": (
        {"desired_sha": HEAD, "last": deploy(message="Multi-Attach", status="timed_out", reason="volume")},
        ("failed", "The deploy of b2b2b2b took too long. Multi-Attach.", "retry"),
    ),
    "the head's tag was pushed again and its pods run the old build": (
        {
            "desired_sha": HEAD,
            "running_sha": HEAD,
            "behind_by": 0,
            "last": deploy(message="Another build", reason="other_build"),
        },
        ("failed", "The deploy of b2b2b2b failed. Another build.", "retry"),
    ),
    "the head runs but its host did not answer": (
        {
            "desired_sha": HEAD,
            "running_sha": HEAD,
            "behind_by": 0,
            "last": deploy(message="cron.example.org said 502"),
        },
        ("failed", "The deploy of b2b2b2b failed. cron.example.org said 502.", "roll_back"),
    ),
    "an older commit's Deploy failed and the old pods serve": (
        {"last": deploy(sha=OLD), "behind_by": 2},
        (
            "ready",
            "2 commits behind. b2b2b2b is ready to deploy. The last deploy, of 0000000, failed.",
            "deploy",
        ),
    ),
    "going back from the head failed": (
        {"last": deploy(sha=OLD, from_sha=HEAD), "running_sha": HEAD, "desired_sha": OLD, "behind_by": 0},
        ("failed", "The deploy of 0000000 failed.", "roll_back"),
    ),
    "the last deploy was cancelled": (
        {"last": deploy(status="cancelled")},
        ("ready", "1 commit behind. b2b2b2b is ready to deploy.", "deploy"),
    ),
}


@pytest.mark.parametrize(("changes", "expected"), CASES.values(), ids=CASES.keys())
def test_a_site_has_one_answer(changes, expected):
    answer = answer_for(site(**changes), now=NOW, stale_after=STALE_AFTER)

    assert (answer.state, answer.message, answer.action) == expected


def test_a_rollback_that_failed_is_tried_again_and_not_rolled_back():
    last = deploy(sha=RUNNING, from_sha=HEAD, is_rollback=True)

    answer = answer_for(site(last=last, desired_sha=RUNNING), now=NOW, stale_after=STALE_AFTER)

    assert (answer.state, answer.action) == ("failed", "retry")
