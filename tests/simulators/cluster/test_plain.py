"""What an installation has beside its Deployments: checked as strictly as a server does, kept, and read again."""

from base64 import b64encode
from typing import Any

import pytest

from simulators.cluster import DemoCluster
from tests.simulators.cluster.cluster_client import Client

SECRETS = "/api/v1/namespaces/default/secrets"
JOBS = "/apis/batch/v1/namespaces/default/jobs"
RBAC = "/apis/rbac.authorization.k8s.io/v1/namespaces/default"
ACCOUNT = "system:serviceaccount:default:maker"


def a_secret(**content: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, **content}


def a_job(image: str = "app:1", **container: Any) -> dict[str, Any]:
    pod = {"restartPolicy": "Never", "containers": [{"name": "job", "image": image, **container}]}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "j"},
        "spec": {"template": {"spec": pod}},
    }


def a_role(*verbs: str) -> dict[str, Any]:
    rules = [{"apiGroups": [""], "resources": ["secrets"], "verbs": list(verbs)}]
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role",
        "metadata": {"name": "maker"},
        "rules": rules,
    }


def a_binding(role: str = "maker") -> dict[str, Any]:
    group = "rbac.authorization.k8s.io"
    return {
        "apiVersion": f"{group}/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "maker"},
        "roleRef": {"apiGroup": group, "kind": "Role", "name": role},
        "subjects": [{"kind": "ServiceAccount", "name": "maker", "namespace": "default"}],
    }


def test_a_secret_s_plain_texts_are_kept_encoded(demo_cluster: DemoCluster) -> None:
    with Client(demo_cluster, "admin") as client:
        client.ask("POST", SECRETS, a_secret(stringData={"KEY": "value"}))

        _, kept = client.ask("GET", f"{SECRETS}/s")

    assert kept["data"] == {"KEY": b64encode(b"value").decode()}
    assert kept["type"] == "Opaque"
    assert "stringData" not in kept


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        (SECRETS, a_secret(dta={}), "'dta' was unexpected"),
        (SECRETS, a_secret(data={"KEY": 1}), "1 is not of type"),
    ],
)
def test_what_a_kind_has_not_is_refused(
    demo_cluster: DemoCluster, path: str, body: dict[str, Any], words: str
) -> None:
    with Client(demo_cluster, "admin") as client:
        status, answer = client.ask("POST", path, body)

    assert status == 400
    assert words in answer["message"]


def test_there_is_one_of_each_name(demo_cluster: DemoCluster) -> None:
    with Client(demo_cluster, "admin") as client:
        client.ask("POST", SECRETS, a_secret())

        status, answer = client.ask("POST", SECRETS, a_secret(stringData={"KEY": "other"}))

    assert (status, answer["reason"]) == (409, "AlreadyExists")


def test_a_job_s_pods_never_change(demo_cluster: DemoCluster) -> None:
    with Client(demo_cluster, "admin") as client:
        client.ask("POST", JOBS, a_job())

        status, answer = client.ask("PUT", f"{JOBS}/j", a_job("app:2"))

    assert status == 422
    assert "spec.template: Invalid value" in answer["message"]
    assert "field is immutable" in answer["message"]


def test_an_account_may_do_what_a_role_that_was_created_gives_it_and_no_more(
    demo_cluster: DemoCluster,
) -> None:
    with Client(demo_cluster, "admin") as admin, Client(demo_cluster, ACCOUNT) as maker:
        before, _ = maker.ask("POST", SECRETS, a_secret())
        admin.ask("POST", f"{RBAC}/roles", a_role("create"))
        admin.ask("POST", f"{RBAC}/rolebindings", a_binding())

        made, _ = maker.ask("POST", SECRETS, a_secret())
        read, _ = maker.ask("GET", f"{SECRETS}/s")
        elsewhere, _ = maker.ask("POST", SECRETS.replace("default", "headway"), a_secret())

    assert (before, made, read, elsewhere) == (403, 201, 403, 403)


def test_a_binding_to_a_role_that_is_not_there_gives_nothing(demo_cluster: DemoCluster) -> None:
    with Client(demo_cluster, "admin") as admin, Client(demo_cluster, ACCOUNT) as maker:
        admin.ask("POST", f"{RBAC}/rolebindings", a_binding("gone"))

        status, _ = maker.ask("POST", SECRETS, a_secret())

    assert status == 403
