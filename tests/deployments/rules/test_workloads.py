from datetime import UTC, datetime

import pytest

from deployments.clients.cluster import parse
from deployments.rules.selectors import selector
from deployments.rules.workloads import (
    containers,
    image_writer,
    is_same_image,
    is_settled,
    running_images,
)

OLD, NEW = "gcr.io/p/cron:old", "gcr.io/p/cron:new"


def deployment_json(*, generation=2, observed=2, replicas=2, **status):
    return {
        "metadata": {"name": "cron", "generation": generation},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "cron"}},
            "template": {
                "spec": {"containers": [{"name": "proxy", "image": "envoy:1"}, {"name": "web", "image": NEW}]}
            },
        },
        "status": {
            "observedGeneration": observed,
            "replicas": 2,
            "updatedReplicas": 2,
            "readyReplicas": 2,
            "availableReplicas": 2,
        }
        | status,
    }


def deployment(**changes):
    return parse.deployment(deployment_json(**changes))


def pod_json(
    *, image=NEW, ready="True", app="cron", owner="cron-5d4f", kind="ReplicaSet", phase="Running", **metadata
):
    return {
        "metadata": {
            "labels": {"app": app, "pod-template-hash": "5d4f"},
            "ownerReferences": [{"kind": kind, "name": owner, "controller": True}],
        }
        | metadata,
        "spec": {"containers": [{"name": "proxy", "image": "envoy:1"}, {"name": "web", "image": image}]},
        "status": {"phase": phase, "conditions": [{"type": "Ready", "status": ready}]},
    }


def pod(**changes):
    return parse.pod(pod_json(**changes))


def test_each_container_has_its_image():
    assert containers(deployment()) == {"proxy": "envoy:1", "web": NEW}


def test_what_the_api_server_leaves_out_is_nought_and_one_pod_is_wanted():
    numbers = parse.deployment({"metadata": {}, "spec": {}}).counts

    assert (numbers.wanted, numbers.total, numbers.updated, numbers.ready, numbers.available) == (
        1,
        0,
        0,
        0,
        0,
    )


def test_a_deployment_is_settled_when_all_wanted_pods_are_new_and_available():
    assert is_settled(deployment())


def test_a_deployment_scaled_to_zero_is_settled():
    thing = deployment_json(replicas=0) | {"status": {"observedGeneration": 2}}

    assert is_settled(parse.deployment(thing))


@pytest.mark.parametrize(
    "change",
    [
        {"observed": 1},
        {"replicas": 3},
        {"updatedReplicas": 1},
        {"replicas_there": 3},
        {"readyReplicas": 1},
        {"availableReplicas": None},
    ],
    ids=str,
)
def test_a_deployment_is_not_settled_while_anything_is_missing(change):
    thing = deployment_json(**{key: value for key, value in change.items() if key != "replicas_there"})
    if "replicas_there" in change:
        thing["status"]["replicas"] = change["replicas_there"]

    assert not is_settled(parse.deployment(thing))


def test_ready_pods_of_both_sides_of_a_rollout_run_two_images():
    assert running_images(deployment(), [pod(), pod(image=OLD)], container="web") == {OLD, NEW}


@pytest.mark.parametrize(
    "other",
    [
        pod(image=OLD, ready="False"),
        pod(image=OLD, ready="Unknown"),
        pod(image=OLD, deletionTimestamp="2026-11-22T10:00:00Z"),
        pod(image=OLD, phase="Failed"),
        pod(image=OLD, app="other"),
        pod(image=OLD, owner="cron-worker-5d4f"),
        pod(image=OLD, kind="Job"),
        pod(image=OLD, ownerReferences=[]),
        parse.pod(pod_json(image=OLD) | {"status": {}}),
    ],
    ids=[
        "unready",
        "lost",
        "terminating",
        "left behind by its node",
        "other labels",
        "like-named",
        "of a job",
        "orphan",
        "no status",
    ],
)
def test_a_pod_that_is_not_a_ready_one_of_this_deployment_does_not_count(other):
    assert running_images(deployment(), [pod(), other], container="web") == {NEW}


@pytest.mark.parametrize(
    ("expression", "text", "labels"),
    [
        ({"key": "tier", "operator": "In", "values": ["a", "b"]}, "tier in (a,b)", {"tier": "b"}),
        ({"key": "tier", "operator": "NotIn", "values": ["a", "b"]}, "tier notin (a,b)", {}),
        ({"key": "tier", "operator": "Exists"}, "tier", {"tier": ""}),
        ({"key": "tier", "operator": "DoesNotExist"}, "!tier", {}),
    ],
)
def test_a_selector_is_written_as_the_api_reads_it_and_selects_alike(expression, text, labels):
    thing = deployment_json()
    thing["spec"]["selector"]["matchExpressions"] = [expression]
    inside, clients = pod_json(), pod_json(image=OLD)
    inside["metadata"]["labels"] |= labels
    clients["metadata"]["labels"] |= {} if labels else {"tier": "a"}
    picking = parse.deployment(thing)

    running = running_images(picking, [parse.pod(inside), parse.pod(clients)], container="web")

    assert selector(picking.selector) == f"app=cron,{text}"
    assert running == {NEW}


def writes(manager, time, *, container="web", field="f:image"):
    inner = {"f:containers": {f'k:{{"name":"{container}"}}': {field: {}}}}
    return {"manager": manager, "time": time, "fieldsV1": {"f:spec": {"f:template": {"f:spec": inner}}}}


def test_the_latest_writer_of_the_containers_image_is_named_with_its_time():
    thing = deployment_json()
    thing["metadata"]["managedFields"] = [
        writes("kubectl-set", "2026-11-22T10:00:00Z"),
        writes("headway", "2026-11-22T09:00:00Z"),
        writes("proxy-writer", "2026-11-22T11:00:00Z", container="proxy"),
        writes("env-writer", "2026-11-22T12:00:00Z", field="f:env"),
        {"manager": "kube-controller-manager", "time": "2026-11-22T13:00:00Z", "fieldsV1": {"f:status": {}}},
    ]

    writer = image_writer(parse.deployment(thing), container="web")

    assert (writer.manager, writer.at) == ("kubectl-set", datetime(2026, 11, 22, 10, tzinfo=UTC))


def test_without_managed_fields_nobody_is_named():
    assert image_writer(deployment(), container="web") is None


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("nginx:1", "docker.io/library/nginx:1", True),
        ("nginx:1", "nginx:2", False),
        ("Not An Image", "nginx", False),
    ],
)
def test_images_are_the_same_however_they_are_spelt(one, other, expected):
    assert is_same_image(one, other) is expected
