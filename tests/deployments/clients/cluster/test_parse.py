"""What rules read of the objects that an API server sends."""

from datetime import UTC, datetime
from typing import Any

import pytest

from deployments.clients.cluster import parse
from deployments.rules.pods import (
    Condition,
    ContainerSpec,
    ContainerStatus,
    Event,
    Owner,
    Pod,
    Probe,
    Running,
    Terminated,
    Waiting,
)
from deployments.rules.selectors import LabelSelector, Requirement
from deployments.rules.workloads import Counts, FieldManager, ReplicaSet, Template, Workload
from tests.deployments.clients.cluster.api_objects import DEPLOYMENT, EVENT, POD, REPLICA_SET

RESTARTED = {"kubectl.kubernetes.io/restartedAt": "2026-11-22T09:00:00Z"}


def at(minute: int, second: int = 0) -> datetime:
    return datetime(2026, 11, 22, 10, minute, second, tzinfo=UTC)


def test_a_deployment_is_read_with_all_that_rules_judge_by() -> None:
    assert parse.deployment(DEPLOYMENT) == Workload(
        kind="Deployment",
        name="shop",
        namespace="sites",
        uid="uid-deployment",
        resource_version="4711",
        generation=7,
        observed_generation=6,
        created_at=datetime(2026, 11, 1, 8, tzinfo=UTC),
        is_terminating=True,
        labels={"app": "shop"},
        annotations={"deployment.kubernetes.io/revision": "7"},
        owners=(
            Owner(
                api_version="serving.knative.dev/v1",
                kind="Revision",
                name="shop-00007",
                uid="uid-revision",
                is_controller=True,
            ),
        ),
        managers=(
            FieldManager(
                manager="argocd-controller",
                operation="Apply",
                at=at(0),
                images=frozenset({"web", "migrate"}),
            ),
            FieldManager(
                manager="kube-controller-manager", operation="Update", subresource="status", at=at(1)
            ),
        ),
        is_paused=True,
        strategy="Recreate",
        progress_deadline_seconds=900,
        min_ready_seconds=5,
        selector=LabelSelector(
            labels={"app": "shop"},
            requirements=(Requirement(key="tier", operator="In", values=("web",)),),
        ),
        template=Template(
            labels={"app": "shop", "tier": "web"},
            annotations=RESTARTED,
            containers=(ContainerSpec(name="web", image="r.example/shop:1"),),
            init_containers=(ContainerSpec(name="migrate", image="r.example/shop:1", is_init=True),),
        ),
        counts=Counts(wanted=3, total=4, updated=2, ready=3, available=1, terminating=5),
        conditions=(
            Condition(
                type="Progressing",
                status="False",
                reason="ProgressDeadlineExceeded",
                message="It has timed out progressing.",
                changed_at=at(10),
                updated_at=at(20),
            ),
        ),
    )


def test_a_replica_set_is_read_with_its_revision_and_what_it_is_refused() -> None:
    assert parse.replica_set(REPLICA_SET) == ReplicaSet(
        name="shop-5d4f",
        namespace="sites",
        uid="uid-set",
        created_at=at(0),
        labels={"app": "shop", "pod-template-hash": "5d4f"},
        owners=(Owner(kind="Deployment", name="shop", uid="uid-deployment", is_controller=True),),
        revision=7,
        template=Template(containers=(ContainerSpec(name="web", image="r.example/shop:1"),)),
        wanted=2,
        total=1,
        ready=1,
        conditions=(Condition(type="ReplicaFailure", status="True", message="exceeded quota"),),
    )


def test_a_pod_is_read_with_every_container_that_it_has_and_what_became_of_it() -> None:
    pod = parse.pod(POD)

    assert pod == Pod(
        name="shop-5d4f-x2k4p",
        namespace="sites",
        uid="uid-pod",
        labels={"app": "shop", "tier": "web", "pod-template-hash": "5d4f"},
        annotations=RESTARTED,
        owners=(
            Owner(
                api_version="apps/v1", kind="ReplicaSet", name="shop-5d4f", uid="uid-set", is_controller=True
            ),
        ),
        created_at=at(0),
        is_terminating=True,
        terminating_at=at(30),
        containers=(
            ContainerSpec(
                name="web",
                image="r.example/shop:1",
                image_pull_policy="IfNotPresent",
                memory_limit="256Mi",
                startup_probe=Probe(
                    initial_delay_seconds=3, period_seconds=5, timeout_seconds=2, failure_threshold=60
                ),
                readiness_probe=Probe(),
            ),
        ),
        init_containers=(
            ContainerSpec(name="migrate", image="r.example/shop:1", is_init=True),
            ContainerSpec(name="mesh", image="r.example/proxy:1", is_init=True, is_sidecar=True),
        ),
        readiness_gates=("target-health.elbv2.k8s.aws/shop",),
        node="node-1",
        phase="Running",
        reason="NodeLost",
        message="The node is not responding.",
        started_at=at(0, 1),
        conditions=(Condition(type="Ready", status="True", changed_at=at(0, 9)),),
        statuses={
            "migrate": ContainerStatus(
                name="migrate",
                is_ready=True,
                state=Terminated(exit_code=0, reason="Completed", started_at=at(0, 2), finished_at=at(0, 3)),
            ),
            "mesh": ContainerStatus(name="mesh", state=Waiting(reason="PodInitializing")),
            "web": ContainerStatus(
                name="web",
                image="r.example/shop:1",
                image_id="r.example/shop@sha256:1",
                is_ready=True,
                is_started=True,
                restarts=2,
                state=Running(started_at=at(0, 8)),
                last_ended=Terminated(
                    exit_code=137,
                    signal=9,
                    reason="OOMKilled",
                    message="out of memory",
                    started_at=at(0, 4),
                    finished_at=at(0, 6),
                ),
            ),
        },
    )
    assert (pod.template_hash, pod.controller) == ("5d4f", pod.owners[0])


def test_an_event_is_read_with_the_container_that_it_is_about() -> None:
    event = parse.event(EVENT)

    assert event == Event(
        type="Warning",
        reason="Unhealthy",
        message="Readiness probe failed: HTTP probe failed with statuscode: 503",
        count=3,
        first_at=at(0, 10),
        last_at=at(0, 30),
        kind="Pod",
        namespace="sites",
        name="shop-5d4f-x2k4p",
        uid="uid-pod",
        field_path="spec.initContainers{mesh}",
    )
    assert event.container == "mesh"


@pytest.mark.parametrize(
    ("path", "container"),
    [("spec.containers{web}", "web"), ("spec.volumes{data}", ""), ("spec.containers", ""), ("", "")],
)
def test_only_a_containers_event_names_a_container(path: str, container: str) -> None:
    event = parse.event({"involvedObject": {"fieldPath": path}})

    assert event.container == container


def test_a_series_is_counted_to_its_last_time() -> None:
    newer = {
        "firstTimestamp": None,
        "lastTimestamp": None,
        "count": None,
        "eventTime": "2026-11-22T10:00:10.123456Z",
        "series": {"count": 12, "lastObservedTime": "2026-11-22T10:09:00.000001Z"},
    }

    event = parse.event(newer)

    assert (event.count, event.first_at, event.last_at) == (
        12,
        at(0, 10).replace(microsecond=123456),
        at(9).replace(microsecond=1),
    )


def test_an_event_that_happened_once_has_one_time() -> None:
    event = parse.event({"eventTime": "2026-11-22T10:09:00.000000Z"})

    assert (event.count, event.first_at, event.last_at) == (1, at(9), at(9))


@pytest.mark.parametrize("text", ["yesterday", "2026-11-22", "2026-11-22T10:00:00", "", None, 7])
def test_what_is_no_time_of_kubernetes_is_none(text: object) -> None:
    pod = parse.pod({"metadata": {"creationTimestamp": text}})

    assert pod.created_at is None


@pytest.mark.parametrize("number", [True, "3", 3.0, 2**31, -1, None, [3]])
def test_what_is_no_number_of_pods_is_left_out(number: object) -> None:
    counts = parse.deployment({"spec": {"replicas": number}, "status": {"readyReplicas": number}}).counts

    assert (counts.wanted, counts.ready) == (1, 0)


def test_a_pod_that_is_being_deleted_is_so_whatever_time_it_names() -> None:
    assert parse.pod({"metadata": {"deletionTimestamp": "soon"}}).is_terminating


@pytest.mark.parametrize("key", ["v:1", "k:{", 'k:{"port":80}', "k:[]", 'k:{"name":null}'])
def test_a_list_item_that_has_no_name_is_nobodys_image(key: str) -> None:
    fields = {"f:spec": {"f:template": {"f:spec": {"f:containers": {key: {"f:image": {}}}}}}}

    workload = parse.deployment({"metadata": {"managedFields": [{"manager": "a", "fieldsV1": fields}]}})

    assert workload.managers == (FieldManager(manager="a"),)


@pytest.mark.parametrize("revision", ["", "seven", "-7", "7" * 30, "\u0667", None])
def test_what_is_no_revision_is_before_the_first(revision: Any) -> None:
    metadata = {"annotations": {"deployment.kubernetes.io/revision": revision}}

    assert parse.replica_set({"metadata": metadata}).revision == 0
