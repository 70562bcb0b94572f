"""A rollout that makes progress has time: what counts as progress, and for how long there may be none."""

from datetime import UTC, datetime, timedelta

import pytest

from deployments.clients.cluster import parse
from deployments.rules.diagnosis import Diagnosis
from deployments.rules.progress import Progress, has_failed, is_partly_up, longest_pause, progress
from deployments.rules.rollouts import judge_rollout

IMAGE = "registry.example.com/acme/shop:1"
PATCHED_AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
NOW = PATCHED_AT + timedelta(minutes=14)
USUAL = timedelta(minutes=15)
PASSED = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}


def deployment(*, startup_probe=None, deadline=600, observed=2, conditions=(), **numbers):
    container = {"name": "web", "image": IMAGE} | ({"startupProbe": startup_probe} if startup_probe else {})
    template = {"spec": {"containers": [container]}}
    return parse.deployment(
        {
            "metadata": {"name": "shop", "generation": 2},
            "spec": {"replicas": 10, "progressDeadlineSeconds": deadline, "template": template},
            "status": {"observedGeneration": observed, "conditions": list(conditions)} | numbers,
        }
    )


def measured(workload, *, ready=0, before=None, wanted_before=10):
    rollout = judge_rollout(workload, images={"web": IMAGE})
    return progress(
        workload,
        rollout,
        ready=ready,
        wanted_before=wanted_before,
        before=before,
        patched_at=PATCHED_AT,
        now=NOW,
    )


@pytest.mark.parametrize(
    ("ready", "numbers"),
    [
        pytest.param(4, {"replicas": 11, "updatedReplicas": 6}, id="a pod was made"),
        pytest.param(5, {"replicas": 11, "updatedReplicas": 5}, id="a pod became ready"),
        pytest.param(4, {"replicas": 10, "updatedReplicas": 5}, id="an old pod went"),
    ],
)
def test_every_step_is_progress(ready, numbers):
    before = Progress(5 + 4 - 6, PATCHED_AT)

    reached = measured(deployment(**numbers), ready=ready, before=before)

    assert reached.at == NOW


def test_pods_that_become_ready_and_fall_away_again_are_no_progress():
    best = measured(deployment(replicas=11, updatedReplicas=5), ready=5)
    fallen = measured(deployment(replicas=11, updatedReplicas=5), ready=4, before=best)

    again = measured(deployment(replicas=11, updatedReplicas=5), ready=5, before=fallen)

    assert again == best


def test_a_scaled_deployment_is_measured_again_and_gains_no_time():
    before = Progress(20, PATCHED_AT)

    scaled = measured(deployment(replicas=11, updatedReplicas=5), ready=4, before=before, wanted_before=20)

    assert scaled == Progress(3, PATCHED_AT)


def test_numbers_of_the_template_before_are_no_progress():
    unobserved = measured(deployment(observed=1, replicas=10, updatedReplicas=10), ready=0)

    assert unobserved is None


def test_progress_that_nobody_followed_was_when_the_cluster_says():
    updated_at = "2026-11-22T10:09:00Z"
    progressing = {
        "type": "Progressing",
        "status": "True",
        "reason": "ReplicaSetUpdated",
        "lastUpdateTime": updated_at,
    }

    reached = measured(deployment(replicas=11, updatedReplicas=5, conditions=[progressing]))

    assert reached.at == datetime.fromisoformat(updated_at)


@pytest.mark.parametrize(
    ("manifest", "minutes"),
    [
        pytest.param({}, 15, id="what the API server fills in is nobody's word"),
        pytest.param({"deadline": 1800}, 30, id="a deadline that someone wrote"),
        pytest.param({"deadline": 60}, 15, id="a short one is the cluster's to keep"),
        pytest.param({"deadline": 2**31 - 1}, 15, id="none at all"),
        pytest.param(
            {"startup_probe": {"periodSeconds": 10, "failureThreshold": 240}},
            40,
            id="a startup probe's patience",
        ),
    ],
)
def test_a_rollout_may_pause_as_long_as_its_manifest_allows(manifest, minutes):
    assert longest_pause(deployment(**manifest), usual=USUAL) == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("kind", "spec", "minutes"),
    [
        pytest.param("Deployment", {"strategy": {"type": "Recreate"}}, 45, id="before any new pod starts"),
        pytest.param("StatefulSet", {}, 45, id="before its successor starts"),
        pytest.param("DaemonSet", {}, 45, id="before its node's next starts"),
        pytest.param("Deployment", {"strategy": {"type": "RollingUpdate"}}, 15, id="beside the new ones"),
        pytest.param("StatefulSet", {"minReadySeconds": 600}, 55, id="and then each has to stay ready"),
    ],
)
def test_an_old_pod_may_take_as_long_to_stop_as_its_manifest_allows(kind, spec, minutes):
    container = {"name": "web", "image": IMAGE}
    patient = {"terminationGracePeriodSeconds": 1830, "containers": [container]}
    workload = parse.WORKLOADS[kind]({"spec": spec | {"template": {"spec": patient}}})

    assert longest_pause(workload, usual=USUAL) == timedelta(minutes=minutes)


def test_a_container_may_be_unready_until_its_first_readiness_probe():
    probe = {"initialDelaySeconds": 1200, "periodSeconds": 10, "failureThreshold": 3}
    container = {"name": "web", "image": IMAGE, "readinessProbe": probe}
    workload = parse.deployment({"spec": {"template": {"spec": {"containers": [container]}}}})

    assert longest_pause(workload, usual=USUAL) == timedelta(minutes=20)


def test_the_deadline_that_the_api_server_fills_in_ends_nothing_alone():
    for given in (None, 600):
        workload = deployment(replicas=11, updatedReplicas=6, conditions=[PASSED], deadline=given)
        rollout = judge_rollout(workload, images={"web": IMAGE})

        assert not has_failed(workload, rollout, None)


@pytest.mark.parametrize(("threshold", "failed"), [(180, False), (3, True)])
def test_a_passed_deadline_waits_for_a_startup_probe_that_allows_more(threshold, failed):
    patient = {"periodSeconds": 10, "failureThreshold": threshold}
    workload = deployment(
        startup_probe=patient,
        replicas=11,
        updatedReplicas=1,
        conditions=[PASSED],
        deadline=300,
    )
    rollout = judge_rollout(workload, images={"web": IMAGE})
    starting = Diagnosis("startup", "“web” does not pass its startup probe.", certain=False)

    assert has_failed(workload, rollout, starting) is failed
    assert has_failed(workload, rollout, None)


@pytest.mark.parametrize(
    ("ready", "failed"),
    [
        pytest.param(4, False, id="four of its pods are up"),
        pytest.param(5, False, id="and one more"),
        pytest.param(3, True, id="one of them has fallen away"),
        pytest.param(0, True, id="none is up"),
    ],
)
def test_a_pod_that_fails_alone_ends_no_rollout_whose_others_are_up(ready, failed):
    workload = deployment(replicas=11, updatedReplicas=6)
    rollout = judge_rollout(workload, images={"web": IMAGE})
    crash = Diagnosis("crash", "“web” ended with exit code 3.", certain=True)
    best = Progress(6 + 4 - 5, PATCHED_AT) if ready else None

    partly_up = is_partly_up(rollout, ready=ready, best=best)

    assert has_failed(workload, rollout, crash, partly_up=partly_up) is failed


def test_a_passed_deadline_ends_a_rollout_whose_others_are_up():
    workload = deployment(replicas=11, updatedReplicas=6, conditions=[PASSED], deadline=300)
    rollout = judge_rollout(workload, images={"web": IMAGE})

    assert has_failed(workload, rollout, None, partly_up=True)
