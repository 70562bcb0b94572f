from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from deployments.clients.cluster import parse
from deployments.rules.jobs import JobPhase, job_pods, judge_job, what_keeps


def condition(kind: str, **more: str) -> dict[str, Any]:
    return {"conditions": [{"type": kind, "status": "True"} | more]}


@pytest.mark.parametrize(
    ("status", "phase", "message"),
    [
        ({}, JobPhase.RUNNING, "Job release-7 has no pod yet."),
        ({"active": 1}, JobPhase.RUNNING, "Job release-7 is running."),
        (
            {"active": 1, "failed": 1},
            JobPhase.RUNNING,
            "Job release-7 is running: 1 pod failed so far, of at most 3.",
        ),
        ({"succeeded": 1}, JobPhase.RUNNING, "Job release-7 has no pod yet."),
        (condition("Complete") | {"succeeded": 1}, JobPhase.COMPLETE, "Job release-7 has completed."),
        (
            condition("Suspended"),
            JobPhase.SUSPENDED,
            "Job release-7 is suspended in the cluster and starts no pods.",
        ),
        (
            condition(
                "Failed", reason="BackoffLimitExceeded", message="Job has reached the specified backoff limit"
            ),
            JobPhase.FAILED,
            "Job release-7 has failed: Job has reached the specified backoff limit.",
        ),
        (
            condition("Failed", reason="DeadlineExceeded"),
            JobPhase.FAILED,
            "Job release-7 has failed: DeadlineExceeded.",
        ),
        (
            {"conditions": [{"type": "Complete", "status": "False"}], "active": 1},
            JobPhase.RUNNING,
            "Job release-7 is running.",
        ),
        (condition("FailureTarget") | {"active": 1}, JobPhase.RUNNING, "Job release-7 is running."),
    ],
)
def test_a_job_is_judged_by_its_conditions(status: dict[str, Any], phase: JobPhase, message: str) -> None:
    job = parse.job({"metadata": {"name": "release-7"}, "spec": {"backoffLimit": 2}, "status": status})

    state = judge_job(job)

    assert (state.phase, state.message) == (phase, message)


def test_where_each_index_is_tried_again_there_is_no_number_of_tries() -> None:
    status = {"active": 2, "failed": 1}
    spec = {"backoffLimit": 2**31 - 1, "backoffLimitPerIndex": 1}

    state = judge_job(parse.job({"metadata": {"name": "release-7"}, "spec": spec, "status": status}))

    assert state.message == "Job release-7 is running: 1 pod failed so far."


def test_a_job_that_is_deleted_midway_has_failed() -> None:
    metadata = {"name": "release-7", "deletionTimestamp": "2026-11-22T10:00:00Z"}

    state = judge_job(parse.job({"metadata": metadata, "status": {"active": 1}}))

    assert state.phase is JobPhase.FAILED


def test_a_jobs_pods_are_identified_by_its_uid() -> None:
    owners = [[{"kind": "Job", "uid": uid, "controller": True}] for uid in ("uid-1", "uid-2")]
    pods = [parse.pod({"metadata": {"name": "a", "ownerReferences": each}}) for each in owners]

    found = job_pods(parse.job({"metadata": {"uid": "uid-2"}}), pods)

    assert found == [pods[1]]


SINCE = datetime(2026, 11, 22, 10, tzinfo=UTC)
DONE = {"terminated": {"exitCode": 0, "reason": "Completed"}}
RUNS = {"running": {"startedAt": "2026-11-22T10:00:05Z"}}


def pod_of(**states: dict[str, Any]) -> Any:
    """A pod of a Job, with containers of these states."""
    status = {
        "phase": "Running",
        "conditions": [
            {"type": "PodScheduled", "status": "True", "lastTransitionTime": "2026-11-22T10:00:00Z"}
        ],
        "containerStatuses": [{"name": name, "state": state} for name, state in states.items()],
    }
    spec = {"containers": [{"name": name, "image": "shop:1"} for name in states]}
    return parse.pod(
        {"metadata": {"name": "release-7-x2k4p", "uid": "pod-1"}, "spec": spec, "status": status}
    )


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        (
            {"migrate": DONE, "proxy": RUNS},
            "“migrate” has completed, and the Job waits for “proxy”.",
        ),
        ({"migrate": RUNS, "proxy": RUNS}, ""),
        ({"migrate": DONE}, ""),
        (
            {"migrate": {"waiting": {"reason": "ImageInspectError", "message": "layer not known"}}},
            "“migrate” cannot start: ImageInspectError: layer not known.",
        ),
    ],
    ids=["a sidecar runs on", "at work", "about to end", "cannot start"],
)
def test_what_keeps_a_job_from_completing_is_said(states: dict[str, Any], expected: str) -> None:
    message = what_keeps([pod_of(**states)], [], since=SINCE, now=SINCE + timedelta(minutes=5))

    assert message == expected


def test_a_quota_that_refuses_its_pods_is_said() -> None:
    refused = {
        "reason": "FailedCreate",
        "message": 'pods "release-7-x2k4p" is forbidden: exceeded quota: small, requested: pods=1',
        "involvedObject": {"kind": "Job", "uid": "job-1"},
        "lastTimestamp": "2026-11-22T10:01:00Z",
    }

    message = what_keeps([], [parse.event(refused)], since=SINCE, now=SINCE + timedelta(minutes=5))

    assert message.startswith("The namespace's quota leaves no room for a new pod: ")
