"""Jobs and CronJobs on the demo cluster: pods to their end, and failures that the image declares."""

from typing import Any

import pytest

from simulators.cluster import FAILS_AS_JOB, SLOW, DemoCluster
from simulators.cluster.kinds import JOBS
from simulators.cluster.requests import Target
from tests.simulators.cluster.conftest import Images

NEXT_MINUTE = 29_730_246
JOB = """
apiVersion: batch/v1
kind: Job
metadata: {{name: release}}
spec:
  backoffLimit: 1
  {more}
  template:
    spec:
      restartPolicy: {policy}
      initContainers: [{{name: wait, image: "busybox:1"}}]
      containers: [{{name: web, image: "app:1"}}]
"""


def make_job(cluster: DemoCluster, *, policy: str = "Never", more: str = "suspend: false") -> None:
    cluster.apply(JOB.format(policy=policy, more=more))


def job(cluster: DemoCluster, name: str = "release") -> dict[str, Any]:
    return cluster.workload("Job", "default", name)


def conditions(cluster: DemoCluster) -> dict[str, str]:
    return {one["type"]: one["reason"] for one in job(cluster)["status"].get("conditions", ())}


def phases(cluster: DemoCluster) -> list[str]:
    return sorted(pod["status"]["phase"] for pod in cluster.pods_of("Job", "default", "release"))


def reasons(cluster: DemoCluster, kind: str) -> set[str]:
    listed = cluster.store.all_of("events", "default")
    return {one["reason"] for one in listed if one["involvedObject"]["kind"] == kind}


def test_a_job_completes_once_its_pod_has(demo_cluster: DemoCluster) -> None:
    make_job(demo_cluster)
    demo_cluster.settle_now()

    status = job(demo_cluster)["status"]
    assert (status["succeeded"], "active" in status, phases(demo_cluster)) == (1, False, ["Succeeded"])
    assert conditions(demo_cluster) == {
        "SuccessCriteriaMet": "CompletionsReached",
        "Complete": "CompletionsReached",
    }
    assert "Completed" in reasons(demo_cluster, "Job")


def test_a_job_fails_after_its_backoff_limit(demo_cluster: DemoCluster, images: Images) -> None:
    images.behaviours["app:1"] = FAILS_AS_JOB()

    make_job(demo_cluster)
    demo_cluster.settle_now()

    assert (job(demo_cluster)["status"]["failed"], phases(demo_cluster)) == (2, ["Failed", "Failed"])
    assert conditions(demo_cluster) == {
        "FailureTarget": "BackoffLimitExceeded",
        "Failed": "BackoffLimitExceeded",
    }


def test_a_container_that_is_restarted_in_its_pod_counts_too(
    demo_cluster: DemoCluster, images: Images
) -> None:
    images.behaviours["app:1"] = FAILS_AS_JOB()

    make_job(demo_cluster, policy="OnFailure")

    demo_cluster.wait_until(lambda: conditions(demo_cluster).get("Failed") == "BackoffLimitExceeded")


def test_the_same_image_serves_while_its_job_fails(demo_cluster: DemoCluster, images: Images) -> None:
    images.behaviours["app:1"] = FAILS_AS_JOB()

    demo_cluster.create_deployment("default", "web", containers={"web": "app:1"})
    make_job(demo_cluster)
    demo_cluster.settle_now()

    assert demo_cluster.deployment("default", "web")["status"]["availableReplicas"] == 1
    assert "Failed" in conditions(demo_cluster)


def test_a_suspended_job_has_no_pods_and_says_so(demo_cluster: DemoCluster) -> None:
    make_job(demo_cluster, more="suspend: true")
    demo_cluster.settle_now()

    assert (phases(demo_cluster), conditions(demo_cluster)) == ([], {"Suspended": "JobSuspended"})


def test_a_job_that_is_too_slow_for_its_deadline_fails(demo_cluster: DemoCluster, images: Images) -> None:
    images.behaviours["app:1"] = SLOW(600)

    make_job(demo_cluster, more="activeDeadlineSeconds: 1")

    demo_cluster.wait_until(lambda: conditions(demo_cluster).get("Failed") == "DeadlineExceeded")


def test_its_pods_go_with_a_job(demo_cluster: DemoCluster) -> None:
    make_job(demo_cluster)
    demo_cluster.settle_now()

    demo_cluster.api.writes.delete(Target(JOBS, "default", "release"), {})
    demo_cluster.settle_now()

    assert demo_cluster.store.all_of("pods", "default") == []


def test_a_cron_job_starts_nothing_until_its_time_is_said_to_have_come(kinds: DemoCluster) -> None:
    before = kinds.store.all_of("jobs", "default")

    begun = kinds.run_cron_job("default", "report")
    active = kinds.workload("CronJob", "default", "report")["status"]["active"]
    kinds.settle_now()

    after = kinds.workload("CronJob", "default", "report")["status"]
    assert before == []
    assert begun is not None
    assert [one["uid"] for one in active] == [begun["metadata"]["uid"]]
    assert ("active" in after, "lastSuccessfulTime" in after) == (False, True)
    assert reasons(kinds, "CronJob") == {"SuccessfulCreate", "SawCompletedJob"}


def test_a_suspended_cron_job_starts_nothing_even_then(kinds: DemoCluster) -> None:
    assert kinds.run_cron_job("default", "upgrade") is None


@pytest.mark.parametrize(("policy", "starts"), [("Forbid", False), ("Allow", True)])
def test_a_job_under_way_keeps_its_image_and_forbids_another_where_the_policy_says_so(
    kinds: DemoCluster, images: Images, policy: str, *, starts: bool
) -> None:
    images.behaviours["app:1"] = SLOW(600)
    kinds.change("CronJob", "default", "report", lambda one: one["spec"].update(concurrencyPolicy=policy))
    first = kinds.run_cron_job("default", "report")
    assert first is not None
    name = first["metadata"]["name"]

    def set_image(thing: dict[str, Any]) -> None:
        spec = thing["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        spec["containers"][0]["image"] = "app:2"

    kinds.change("CronJob", "default", "report", set_image)

    second = kinds.run_cron_job("default", "report", minute=NEXT_MINUTE)

    image = job(kinds, name)["spec"]["template"]["spec"]["containers"][0]["image"]
    assert (image, second is not None) == ("app:1", starts)
