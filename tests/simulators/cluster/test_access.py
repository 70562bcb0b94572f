"""Who may do what on the demo cluster: tokens, and the very Role that k8s/ ships."""

import pytest

from simulators.cluster import DemoCluster
from tests.simulators.cluster.cluster_client import DEPLOYMENTS, PODS, Client, a_deployment, set_image

HEADWAY = "system:serviceaccount:headway:headway-worker"


def test_an_unknown_token_is_unauthorized(demo_cluster: DemoCluster) -> None:
    with Client(demo_cluster, token="guessed") as client:
        status, answer = client.ask("GET", DEPLOYMENTS)

    assert status == 401
    assert (answer["kind"], answer["reason"], answer["message"]) == ("Status", "Unauthorized", "Unauthorized")


def test_no_token_at_all_is_the_anonymous_user(demo_cluster: DemoCluster) -> None:
    with Client(demo_cluster, token="") as client:
        status, answer = client.ask("GET", DEPLOYMENTS)

    assert status == 403
    assert 'User "system:anonymous" cannot list resource "deployments"' in answer["message"]


def test_a_rotated_token_refuses_the_old_one(demo_cluster: DemoCluster) -> None:
    with Client(demo_cluster, "headway") as client:
        demo_cluster.rotate_token("headway")

        status, _ = client.ask("GET", DEPLOYMENTS)

    assert status == 401


def test_the_worker_may_do_everything_that_its_role_names(demo_cluster: DemoCluster) -> None:
    demo_cluster.create_deployment("default", "cron", containers={"web": "app:1"}, settled=True)
    pod = demo_cluster.pods("default", "cron")[0]["metadata"]["name"]

    with Client(demo_cluster, "headway") as client:
        replica_sets = "/apis/apps/v1/namespaces/default/replicasets"
        events = "/api/v1/namespaces/default/events"
        reads = (
            DEPLOYMENTS,
            f"{DEPLOYMENTS}/cron",
            replica_sets,
            PODS,
            f"{PODS}/{pod}/log",
            events,
        )
        answers = [client.ask("GET", path)[0] for path in reads]
        answers.append(client.patch("cron", set_image("web", "app:2"))[0])

    assert answers == [200] * 7


@pytest.mark.parametrize(
    ("method", "path", "verb", "resource"),
    [
        ("DELETE", f"{DEPLOYMENTS}/cron", "delete", "deployments"),
        ("PUT", f"{DEPLOYMENTS}/cron", "update", "deployments"),
        ("POST", DEPLOYMENTS, "create", "deployments"),
        ("PATCH", f"{DEPLOYMENTS}/cron/scale", "patch", "deployments/scale"),
        ("DELETE", f"{PODS}/cron-1", "delete", "pods"),
        ("GET", "/api/v1/namespaces", "list", "namespaces"),
        ("GET", "/apis/apps/v1/deployments", "list", "deployments"),
        ("GET", "/api/v1/namespaces/other/pods", "list", "pods"),
        ("DELETE", DEPLOYMENTS, "deletecollection", "deployments"),
    ],
)
def test_the_worker_may_do_nothing_else(
    demo_cluster: DemoCluster, method: str, path: str, verb: str, resource: str
) -> None:
    with Client(demo_cluster, "headway") as client:
        status, answer = client.ask(method, path)

    assert (status, answer["reason"]) == (403, "Forbidden")
    assert f'User "{HEADWAY}" cannot {verb} resource "{resource}" in API group' in answer["message"]


def test_a_refusal_reads_as_the_real_one(demo_cluster: DemoCluster) -> None:
    with Client(demo_cluster, "headway") as client:
        _, answer = client.ask("DELETE", f"{DEPLOYMENTS}/x")

    assert answer["message"] == (
        f'deployments.apps "x" is forbidden: User "{HEADWAY}" cannot delete resource "deployments" '
        'in API group "apps" in the namespace "default"'
    )
    assert answer["details"] == {"name": "x", "group": "apps", "kind": "deployments"}


def test_the_role_can_be_bound_in_another_namespace(demo_cluster: DemoCluster) -> None:
    demo_cluster.create_namespace("other")
    demo_cluster.bind_role("other")

    with Client(demo_cluster, "headway") as client:
        status, _ = client.ask("GET", "/api/v1/namespaces/other/pods")

    assert status == 200


@pytest.mark.parametrize(("verb", "allowed"), [("patch", True), ("delete", False)])
def test_an_access_review_shows_what_the_role_allows(
    demo_cluster: DemoCluster, verb: str, allowed: bool
) -> None:
    attributes = {"verb": verb, "group": "apps", "resource": "deployments", "namespace": "default"}
    kind = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview"}
    body = {**kind, "spec": {"resourceAttributes": attributes}}

    with Client(demo_cluster, "headway") as client:
        status, answer = client.ask("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", body)

    assert (status, answer["status"]["allowed"]) == (201, allowed)


def test_a_self_review_shows_who_asks(demo_cluster: DemoCluster) -> None:
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}

    with Client(demo_cluster, "headway") as client:
        _, answer = client.ask("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", body)

    assert answer["status"]["userInfo"]["username"] == HEADWAY


def test_the_log_of_requests_shows_who_requested_what(demo_cluster: DemoCluster) -> None:
    demo_cluster.create_deployment("default", "cron", containers={"web": "app:1"}, settled=True)
    with Client(demo_cluster, "headway") as client:
        client.patch("cron", set_image("web", "app:2"), fieldManager="headway")
        client.ask("POST", DEPLOYMENTS, a_deployment("other"))

    patch, refused = demo_cluster.requests

    assert (patch.method, patch.path, patch.user, patch.status) == (
        "PATCH",
        f"{DEPLOYMENTS}/cron",
        HEADWAY,
        200,
    )
    assert patch.content_type == "application/strategic-merge-patch+json"
    assert patch.query == {"fieldManager": "headway"}
    assert (refused.status, refused.user) == (403, HEADWAY)
