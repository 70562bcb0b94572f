"""A real kubectl on StatefulSets, DaemonSets, CronJobs and Jobs."""

import pytest

from simulators.cluster import FAILS_AS_JOB, DemoCluster
from tests.simulators.cluster.conftest import Images
from tests.simulators.cluster.test_kubectl import Kubectl, as_user, kubectl

__all__ = ["as_user", "kubectl"]


pytestmark = pytest.mark.slow  # starts processes


def test_kubectl_gets_every_kind(kinds: DemoCluster, kubectl: Kubectl) -> None:
    rows = kubectl("get", "statefulsets,daemonsets,cronjobs", "--no-headers").splitlines()

    assert [row.split()[:2] for row in rows if row] == [
        ["statefulset.apps/db", "3/3"],
        ["daemonset.apps/agent", "3"],
        ["cronjob.batch/report", "*/5"],
        ["cronjob.batch/upgrade", "0"],
    ]


@pytest.mark.parametrize(
    ("name", "ends"),
    [
        ("statefulset/db", "partitioned roll out complete: 3 new pods have been updated..."),
        ("daemonset/agent", 'daemon set "agent" successfully rolled out'),
    ],
)
def test_kubectl_sets_an_image_and_waits_for_the_rollout(
    kinds: DemoCluster, kubectl: Kubectl, name: str, ends: str
) -> None:
    kubectl("set", "image", name, "web=app:2", "migrate=app:2")

    waited = kubectl("rollout", "status", name, "--timeout=60s")

    assert waited.strip().splitlines()[-1] == ends


def test_kubectl_restarts_and_undoes(kinds: DemoCluster, kubectl: Kubectl) -> None:
    kubectl("rollout", "restart", "daemonset/agent")
    kubectl("rollout", "status", "daemonset/agent", "--timeout=60s")
    history = kubectl("rollout", "history", "daemonset/agent")

    kubectl("rollout", "undo", "daemonset/agent")

    template = kinds.workload("DaemonSet", "default", "agent")["spec"]["template"]
    assert [row.split()[0] for row in history.splitlines()[2:] if row] == ["1", "2"]
    assert "annotations" not in template["metadata"]


def test_kubectl_makes_a_job_of_a_suspended_cron_job(kinds: DemoCluster, kubectl: Kubectl) -> None:
    kubectl("create", "job", "--from=cronjob/upgrade", "by-hand")
    kubectl("wait", "--for=condition=complete", "job/by-hand", "--timeout=60s")

    job = kinds.workload("Job", "default", "by-hand")
    (container,) = job["spec"]["template"]["spec"]["containers"]
    assert (container["command"], container["env"]) == (
        ["./manage", "upgrade"],
        [{"name": "MODE", "value": "upgrade"}],
    )
    assert job["metadata"]["annotations"] == {"cronjob.kubernetes.io/instantiate": "manual", "team": "shop"}
    assert job["metadata"]["ownerReferences"][0]["controller"] is True
    assert kubectl("logs", "job/by-hand").strip() == "Done."


def test_kubectl_sees_why_a_job_failed(kinds: DemoCluster, kubectl: Kubectl, images: Images) -> None:
    images.behaviours["app:1"] = FAILS_AS_JOB(3, ("Error: no such column",))
    kubectl("create", "job", "--from=cronjob/upgrade", "by-hand")

    kubectl("wait", "--for=condition=failed", "job/by-hand", "--timeout=60s")

    assert "Error: no such column" in kubectl("logs", "job/by-hand")
    assert "BackoffLimitExceeded" in kubectl("describe", "job", "by-hand")
