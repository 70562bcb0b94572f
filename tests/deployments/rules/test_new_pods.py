"""Which pods are new, and which are a workload's at all, by the marks of each kind's controller."""

from typing import Any

import pytest

from deployments.clients.cluster import parse
from deployments.rules.new_pods import blocked, new_pods
from deployments.rules.pods import Pod
from deployments.rules.workloads import (
    Workload,
    is_settled,
    matching_containers,
    owned_pods,
    running_images,
)

OLD, NEW = "gcr.io/p/shop:old", "gcr.io/p/shop:new"
PINNED = "mirror.example/p/shop@sha256:" + "a" * 64


def template(image: str = NEW, **annotations: str) -> dict[str, Any]:
    spec = {
        "initContainers": [
            {"name": "wait", "image": "busybox:1"},
            {"name": "migrate", "image": image},
        ],
        "containers": [{"name": "proxy", "image": "envoy:1"}, {"name": "web", "image": image}],
    }
    return {"metadata": {"annotations": annotations}, "spec": spec}


def workload(kind: str, **changes: Any) -> Workload:
    """`changes` are of the status; `generation` is how often a DaemonSet's template has changed."""
    metadata = {"name": "shop", "namespace": "sites", "uid": "uid-shop", "generation": 3}
    number = changes.pop("template_generation", "3")
    metadata["annotations"] = {"deprecated.daemonset.template.generation": number}
    spec = {"replicas": 2, "selector": {"matchLabels": {"app": "shop"}}, "template": template()}
    if kind == "CronJob":
        spec = {"schedule": "* * * * *", "jobTemplate": {"spec": {"template": template()}}}
    status = {"observedGeneration": 3} | changes
    return parse.WORKLOADS[kind]({"metadata": metadata, "spec": spec, "status": status})


def pod(
    name: str, *, owner: str = "shop", kind: str = "StatefulSet", uid: str = "uid-shop", **changes: Any
) -> Pod:
    labels = {"app": "shop", "job-name": owner} | changes.pop("labels", {})
    image, phase = changes.pop("image", NEW), changes.pop("phase", "Running")
    metadata = {
        "name": name,
        "labels": labels,
        "ownerReferences": [{"kind": kind, "name": owner, "uid": uid, "controller": True}],
    }
    status = {"phase": phase, "conditions": [{"type": "Ready", "status": changes.pop("ready", "True")}]}
    return parse.pod({"metadata": metadata | changes, "spec": template(image)["spec"], "status": status})


def stateful_set(
    policy: str = "OrderedReady", strategy: str = "RollingUpdate", observed: int = 3
) -> Workload:
    return parse.stateful_set(
        {
            "metadata": {"name": "shop", "uid": "uid-shop", "generation": 3},
            "spec": {
                "podManagementPolicy": policy,
                "updateStrategy": {"type": strategy},
                "selector": {"matchLabels": {"app": "shop"}},
                "template": template(),
            },
            "status": {"observedGeneration": observed, "updateRevision": "shop-a"},
        }
    )


def names(pods: list[Pod]) -> list[str]:
    return [each.name for each in pods]


def revision(hashed: str, generation: str = "") -> dict[str, str]:
    return {"controller-revision-hash": hashed} | (
        {"pod-template-generation": generation} if generation else {}
    )


def test_a_stateful_sets_new_pods_carry_its_update_revision_whatever_admission_made_of_their_image() -> None:
    pods = [
        pod("shop-0", labels=revision("shop-a"), image=OLD),
        pod("shop-1", labels=revision("shop-b"), image=PINNED),
        pod("shop-2", labels=revision("shop-b"), deletionTimestamp="2026-11-22T10:00:00Z"),
        pod("shop-3", labels=revision("shop-b"), phase="Failed"),
        pod("other-0", labels=revision("shop-b"), owner="other", uid="uid-other"),
    ]

    found = new_pods(workload("StatefulSet", updateRevision="shop-b"), pods)

    assert names(found) == ["shop-1"]


@pytest.mark.parametrize("kind", ["StatefulSet", "DaemonSet"])
def test_no_pod_is_new_before_the_controller_has_seen_the_template(kind: str) -> None:
    thing = workload(kind, updateRevision="shop-a", observedGeneration=2)

    found = new_pods(thing, [pod("shop-0", kind=kind, labels=revision("shop-a", "3"))])

    assert found == []


def test_a_daemon_sets_new_pods_carry_its_templates_number() -> None:
    pods = [
        pod("shop-a", kind="DaemonSet", labels=revision("1", "2"), image=OLD),
        pod("shop-b", kind="DaemonSet", labels=revision("2", "3"), image=PINNED),
    ]

    found = new_pods(workload("DaemonSet", updatedNumberScheduled=1, currentNumberScheduled=2), pods)

    assert names(found) == ["shop-b"]


def test_a_daemon_set_gone_back_to_a_template_keeps_the_pods_that_still_run_it() -> None:
    pods = [
        pod("shop-kept", kind="DaemonSet", labels=revision("1", "1"), image=PINNED),
        pod("shop-back", kind="DaemonSet", labels=revision("1", "3"), image=PINNED),
        pod("shop-between", kind="DaemonSet", labels=revision("2", "2"), image=OLD),
    ]

    found = new_pods(workload("DaemonSet", updatedNumberScheduled=2, currentNumberScheduled=3), pods)

    assert names(found) == ["shop-kept", "shop-back"]


def test_a_daemon_set_gone_back_before_any_pod_was_replaced_has_them_all() -> None:
    pods = [pod(f"shop-{each}", kind="DaemonSet", labels=revision("1", "1"), image=PINNED) for each in "ab"]

    found = new_pods(workload("DaemonSet", updatedNumberScheduled=2, currentNumberScheduled=2), pods)

    assert names(found) == ["shop-a", "shop-b"]


def test_a_daemon_set_without_numbers_is_identified_by_its_pods_images() -> None:
    pods = [
        pod("shop-a", kind="DaemonSet", labels=revision("1"), image=OLD),
        pod("shop-b", kind="DaemonSet", labels=revision("2"), image=NEW),
    ]

    found = new_pods(workload("DaemonSet", template_generation="", currentNumberScheduled=2), pods)

    assert names(found) == ["shop-b"]


@pytest.mark.parametrize(
    ("owner", "uid", "is_its"),
    [
        ("shop-29730245", "uid-any", True),
        ("shop-by-hand", "uid-active", True),
        ("shop-by-hand", "uid-any", False),
        ("shop-worker-29730245", "uid-any", False),
        ("29730245", "uid-any", False),
    ],
)
def test_a_cron_jobs_pods_are_those_of_the_jobs_that_it_started(
    owner: str, uid: str, *, is_its: bool
) -> None:
    cron_job = workload("CronJob", active=[{"kind": "Job", "uid": "uid-active"}])

    found = owned_pods(cron_job, [pod("x", kind="Job", owner=owner, uid=uid)])

    assert bool(found) is is_its


def test_a_cron_job_is_settled_while_an_older_job_runs_and_that_jobs_image_is_seen() -> None:
    cron_job = workload("CronJob", active=[{"kind": "Job", "uid": "uid-active"}])
    old, new = (
        pod(name, kind="Job", owner=name, image=image) for name, image in (("shop-1", OLD), ("shop-2", NEW))
    )

    running = running_images(cron_job, [old, new], container="web")

    assert is_settled(cron_job)
    assert running == {OLD, NEW}
    assert names(new_pods(cron_job, [old, new])) == ["shop-2"]


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet", "CronJob"])
def test_containers_and_init_containers_of_the_sites_images_are_found_in_order(kind: str) -> None:
    found = matching_containers(workload(kind), {"gcr.io/p/shop", "gcr.io/p/former"})

    assert [(each.name, each.is_init) for each in found] == [("migrate", True), ("web", False)]


def test_an_init_containers_image_runs_too() -> None:
    stateful_set = workload("StatefulSet")

    assert running_images(stateful_set, [pod("shop-0", image=OLD)], container="migrate") == {OLD}


@pytest.mark.parametrize(
    ("kind", "status", "expected"),
    [
        (
            "StatefulSet",
            {"replicas": 2, "updatedReplicas": 2, "readyReplicas": 2, "availableReplicas": 2},
            True,
        ),
        (
            "StatefulSet",
            {"replicas": 2, "updatedReplicas": 1, "readyReplicas": 2, "availableReplicas": 2},
            False,
        ),
        (
            "DaemonSet",
            {
                "desiredNumberScheduled": 2,
                "currentNumberScheduled": 2,
                "updatedNumberScheduled": 2,
                "numberReady": 2,
                "numberAvailable": 2,
            },
            True,
        ),
        ("DaemonSet", {"desiredNumberScheduled": 2, "currentNumberScheduled": 2, "numberReady": 2}, False),
        ("DaemonSet", {"desiredNumberScheduled": 0}, True),
    ],
)
def test_a_workload_is_settled_by_the_numbers_of_its_kind(
    kind: str, status: dict[str, int], *, expected: bool
) -> None:
    assert is_settled(workload(kind, **status)) is expected


BROKEN = pod("shop-2", labels=revision("shop-b"), ready="False")


def test_a_pod_that_never_got_ready_keeps_a_stateful_set_from_going_back() -> None:
    pods = [pod("shop-0", labels=revision("shop-a")), BROKEN]

    assert blocked(stateful_set(), pods) == (
        "The StatefulSet waits for pod shop-2, which is not ready and still has an earlier template. "
        "Delete it with kubectl delete pod shop-2."
    )


@pytest.mark.parametrize(
    ("thing", "waiting"),
    [
        (stateful_set("Parallel"), BROKEN),
        (stateful_set(strategy="OnDelete"), BROKEN),
        (stateful_set(observed=2), BROKEN),
        (stateful_set(), pod("shop-2", labels=revision("shop-b"))),
        (stateful_set(), pod("shop-2", labels=revision("shop-a"), ready="False")),
        (stateful_set(), pod("shop-2", labels=revision("shop-b"), ready="False", phase="Failed")),
        (workload("DaemonSet"), pod("shop-x", kind="DaemonSet", labels=revision("b"), ready="False")),
    ],
    ids=["parallel", "on delete", "not seen yet", "ready", "new", "left behind", "daemon set"],
)
def test_nothing_has_to_be_deleted_by_hand_otherwise(thing: Workload, waiting: Pod) -> None:
    assert blocked(thing, [waiting]) == ""
