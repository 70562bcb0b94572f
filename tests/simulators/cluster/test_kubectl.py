"""A real kubectl against the demo cluster."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from simulators.cluster import DemoCluster
from tests.conftest import need_program
from tests.simulators.cluster.conftest import Images

Kubectl = Callable[..., str]


pytestmark = pytest.mark.slow  # starts processes


@pytest.fixture
def as_user(demo_cluster: DemoCluster, tmp_path: Path) -> Callable[[str], Kubectl]:
    """Gives a kubectl for a user; it answers what was printed, errors too, and fails when asked to succeed."""
    program = need_program("kubectl")

    def for_user(user: str) -> Kubectl:
        config = demo_cluster.write_kubeconfig(tmp_path / f"{user}.yaml", user)
        environment = {"KUBECONFIG": str(config), "HOME": str(tmp_path), "PATH": os.environ["PATH"]}

        def kubectl(*arguments: str, succeeds: bool = True) -> str:
            ended = subprocess.run(
                [program, *arguments],
                env=environment,
                capture_output=True,
                text=True,
                timeout=90,
                check=False,
            )
            assert (ended.returncode == 0) == succeeds, ended.stdout + ended.stderr
            return ended.stdout + ended.stderr

        return kubectl

    return for_user


@pytest.fixture
def kubectl(as_user: Callable[[str], Kubectl]) -> Kubectl:
    return as_user("admin")


@pytest.fixture
def cron(demo_cluster: DemoCluster) -> DemoCluster:
    containers = {"web": "app:1", "proxy": "proxy:1"}
    demo_cluster.create_deployment("default", "cron", containers=containers, replicas=2)
    demo_cluster.settle_now()
    return demo_cluster


def test_kubectl_gets_deployments(cron: DemoCluster, kubectl: Kubectl) -> None:
    header, row = kubectl("get", "deployments").splitlines()

    assert header.split() == ["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE"]
    assert row.split()[:4] == ["cron", "2/2", "2", "2"]


def test_kubectl_gets_pods(cron: DemoCluster, kubectl: Kubectl) -> None:
    rows = kubectl("get", "pods", "--no-headers").splitlines()

    assert [row.split()[1:4] for row in rows] == [["2/2", "Running", "0"]] * 2


def test_kubectl_gets_raw_objects(cron: DemoCluster, kubectl: Kubectl) -> None:
    answer = json.loads(kubectl("get", "deployment", "cron", "-o", "json"))

    assert answer["status"] == cron.deployment("default", "cron")["status"]


def test_kubectl_sets_an_image_and_sees_it_roll_out(cron: DemoCluster, kubectl: Kubectl) -> None:
    message = kubectl("set", "image", "deployment/cron", "web=app:2")
    watched = kubectl("rollout", "status", "deployment/cron", "--timeout=60s")

    assert message == "deployment.apps/cron image updated\n"
    assert watched.endswith('deployment "cron" successfully rolled out\n')
    assert {pod["spec"]["containers"][0]["image"] for pod in cron.pods("default", "cron")} >= {"app:2"}


def test_kubectl_sees_a_rollout_pass_its_deadline(
    demo_cluster: DemoCluster, images: Images, kubectl: Kubectl
) -> None:
    images.missing.add("app:2")
    containers = {"web": "app:1"}
    demo_cluster.create_deployment(
        "default", "cron", containers=containers, progressDeadlineSeconds=1, settled=True
    )
    kubectl("set", "image", "deployment/cron", "web=app:2")

    message = kubectl("rollout", "status", "deployment/cron", "--timeout=60s", succeeds=False)

    assert 'error: deployment "cron" exceeded its progress deadline' in message


def test_kubectl_shows_the_history_with_its_causes(cron: DemoCluster, kubectl: Kubectl) -> None:
    kubectl("set", "image", "deployment/cron", "web=app:2")
    kubectl("annotate", "deployment/cron", "kubernetes.io/change-cause=newer")
    cron.settle_now()

    history = kubectl("rollout", "history", "deployment/cron").split("\n")[2:4]

    assert [line.split() for line in history] == [["1", "<none>"], ["2", "newer"]]


def test_kubectl_undoes_a_rollout(cron: DemoCluster, kubectl: Kubectl) -> None:
    kubectl("set", "image", "deployment/cron", "web=app:2")
    kubectl("rollout", "status", "deployment/cron", "--timeout=60s")

    kubectl("rollout", "undo", "deployment/cron")
    kubectl("rollout", "status", "deployment/cron", "--timeout=60s")

    image = kubectl("get", "deployment", "cron", "-o", "jsonpath={.spec.template.spec.containers[0].image}")
    history = kubectl("rollout", "history", "deployment/cron").split("\n")[2:4]
    assert image == "app:1"
    assert [line.split()[0] for line in history] == ["2", "3"]


def test_kubectl_reads_logs(cron: DemoCluster, kubectl: Kubectl) -> None:
    pod = cron.pods("default", "cron")[0]["metadata"]["name"]

    assert kubectl("logs", pod, "-c", "web", "--tail=1") == "Listening on port 8080.\n"


def test_kubectl_scales(cron: DemoCluster, kubectl: Kubectl) -> None:
    kubectl("scale", "deployment/cron", "--replicas=3")
    kubectl("rollout", "status", "deployment/cron", "--timeout=60s")

    assert len(cron.pods("default", "cron")) == 3


def test_kubectl_deletes_and_waits(cron: DemoCluster, kubectl: Kubectl) -> None:
    message = kubectl("delete", "deployment", "cron")

    assert message == 'deployment.apps "cron" deleted\n'
    assert "not found" in kubectl("get", "deployment", "cron", succeeds=False)


def test_kubectl_makes_and_deletes_a_namespace(demo_cluster: DemoCluster, kubectl: Kubectl) -> None:
    kubectl("create", "namespace", "brief")
    demo_cluster.create_deployment("brief", "cron", containers={"web": "app:1"})

    kubectl("delete", "namespace", "brief", "--timeout=60s")

    assert demo_cluster.store.all_of("pods", "brief") == []


def test_kubectl_applies_a_manifest(demo_cluster: DemoCluster, kubectl: Kubectl, tmp_path: Path) -> None:
    container = {"name": "web", "image": "app:1"}
    template = {"metadata": {"labels": {"app": "cron"}}, "spec": {"containers": [container]}}
    spec = {"selector": {"matchLabels": {"app": "cron"}}, "template": template}
    manifest = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "cron"}, "spec": spec}
    path = tmp_path / "cron.json"
    path.write_text(json.dumps(manifest))
    kubectl("apply", "--validate=false", "-f", str(path))
    container["image"] = "app:2"
    path.write_text(json.dumps(manifest))

    message = kubectl("apply", "--validate=false", "-f", str(path))

    assert message == "deployment.apps/cron configured\n"
    assert (
        demo_cluster.deployment("default", "cron")["spec"]["template"]["spec"]["containers"][0]["image"]
        == "app:2"
    )


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (("patch", "deployments"), "yes"),
        (("get", "pods", "--subresource=log"), "yes"),
        (("delete", "deployments"), "no"),
        (("get", "secrets"), "no"),
    ],
)
def test_kubectl_shows_what_the_worker_may_do(
    as_user: Callable[[str], Kubectl], question: tuple[str, ...], answer: str
) -> None:
    message = as_user("headway")("auth", "can-i", *question, succeeds=answer == "yes")

    assert answer in message.split()


def test_the_worker_may_follow_a_rollout_with_kubectl(
    cron: DemoCluster, as_user: Callable[[str], Kubectl]
) -> None:
    kubectl = as_user("headway")

    kubectl("set", "image", "deployment/cron", "web=app:2")
    watched = kubectl("rollout", "status", "deployment/cron", "--timeout=60s")
    refused = kubectl("delete", "deployment", "cron", succeeds=False)

    assert "successfully rolled out" in watched
    assert "Error from server (Forbidden)" in refused


def test_kubectl_creates_a_token_that_is_its_account_s(demo_cluster: DemoCluster, kubectl: Kubectl) -> None:
    demo_cluster.apply(
        "{apiVersion: v1, kind: ServiceAccount, metadata: {name: reader}}", namespace="default"
    )

    token = kubectl("create", "token", "reader").strip()

    assert token == demo_cluster.token("system:serviceaccount:default:reader")
    assert "not found" in kubectl("create", "token", "nobody", succeeds=False)


def test_kubectl_says_of_a_pod_what_a_kubelet_would(cron: DemoCluster, kubectl: Kubectl) -> None:
    pod = cron.pods("default", "cron")[0]["metadata"]["name"]

    kubectl(
        "patch", "pod", pod, "--subresource=status", "--type=merge", '--patch={"status":{"phase":"Failed"}}'
    )

    assert kubectl("get", "pod", pod, "-o", "jsonpath={.status.phase}") == "Failed"
