"""Who else manages a Deployment, by what they leave on it."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from deployments.clients.cluster import parse
from deployments.rules.managers import manager_of, not_ours_to_change

TRACKED = "argocd.argoproj.io/tracking-id"
HELM = {"app.kubernetes.io/managed-by": "Helm"}
RELEASE = {"meta.helm.sh/release-name": "blog", "meta.helm.sh/release-namespace": "default"}
CASES = {
    "nobody": ({}, {}, ""),
    "kubectl": ({"app": "cron"}, {"deployment.kubernetes.io/revision": "3"}, ""),
    "Argo CD by annotation": (
        {},
        {TRACKED: "blog:apps/Deployment:default/cron"},
        "Argo CD's application “blog”",
    ),
    "Argo CD by annotation and label": (
        {"app.kubernetes.io/instance": "blog"},
        {TRACKED: "blog:apps/Deployment:default/cron"},
        "Argo CD's application “blog”",
    ),
    "Argo CD by its own label": ({"argocd.argoproj.io/instance": "blog"}, {}, "Argo CD's application “blog”"),
    "an annotation copied from another Deployment": ({}, {TRACKED: "blog:apps/Deployment:default/other"}, ""),
    "the instance label alone, which every chart sets": ({"app.kubernetes.io/instance": "blog"}, {}, ""),
    "Argo CD rendering a chart": (
        HELM,
        RELEASE | {TRACKED: "shop:apps/Deployment:default/cron"},
        "Argo CD's application “shop”",
    ),
    "Flux by kustomize": ({"kustomize.toolkit.fluxcd.io/name": "apps"}, {}, "Flux's Kustomization “apps”"),
    "Flux by a chart": (
        HELM | {"helm.toolkit.fluxcd.io/name": "blog"},
        RELEASE,
        "Flux's HelmRelease “blog”",
    ),
    "Helm": (HELM, RELEASE, "Helm's release “blog”"),
    "Helm's label without a release": (HELM, {}, ""),
}


@pytest.mark.parametrize(("labels", "annotations", "expected"), CASES.values(), ids=CASES)
def test_the_manager_is_recognised(
    labels: dict[str, str], annotations: dict[str, str], expected: str
) -> None:
    metadata = {"name": "cron", "namespace": "default", "labels": labels, "annotations": annotations}

    assert manager_of(parse.deployment({"metadata": metadata})) == expected


def test_a_deployment_without_labels_is_nobodys() -> None:
    deployment = parse.deployment({"metadata": {"name": "cron", "namespace": "default", "labels": None}})

    assert manager_of(deployment) == ""


CASES_OF_OTHERS = yaml.safe_load((Path(__file__).parent / "cases" / "managers.yaml").read_text())["items"]
NAMES_OF_OTHERS = (
    "Argo CD's application “shop”",
    "Knative's Revision “shop-00007”",
    "Keel",
    "Rancher Fleet's bundle “default-shop”",
    "kapp",
    "“pulumi”",
    "Flux's Kustomization “apps”",
    "Helm's release “shop”",
)


@pytest.mark.parametrize(
    ("thing", "expected"), list(zip(CASES_OF_OTHERS, NAMES_OF_OTHERS, strict=True)), ids=NAMES_OF_OTHERS
)
def test_each_manager_is_named(thing: dict[str, Any], expected: str) -> None:
    assert manager_of(parse.deployment(thing)) == expected


def written_by(
    manager: str, *, operation: str = "Update", subresource: str = "", **fields: Any
) -> dict[str, Any]:
    entry = {"manager": manager, "operation": operation, "subresource": subresource, "fieldsV1": fields}
    return {"managedFields": [entry]}


def owned_by(kind: str, api_version: str, *, controller: bool = True) -> dict[str, Any]:
    owner = {"apiVersion": api_version, "kind": kind, "name": "shop", "uid": "u", "controller": controller}
    return {"ownerReferences": [owner]}


IMAGE = {"f:spec": {"f:template": {"f:spec": {"f:containers": {'k:{"name":"web"}': {"f:image": {}}}}}}}
RELATIVES = {
    "Flux by its field manager": (written_by("kustomize-controller", operation="Apply"), "Flux"),
    "Terraform": (written_by("HashiCorp"), "Terraform"),
    "Pulumi by its field manager": (written_by("pulumi-kubernetes-9af2"), "Pulumi"),
    "Argo CD's status alone": (written_by("argocd-controller", subresource="status"), ""),
    "a client that applies the image": (written_by("deployer", operation="Apply", **IMAGE), "“deployer”"),
    "a person who applies the image": (written_by("kubectl", operation="Apply", **IMAGE), ""),
    "a person who sets the image": (written_by("kubectl-set", **IMAGE), ""),
    "a robot that only sets labels": (written_by("labeler", operation="Apply"), ""),
    "ourselves": (written_by("headway", **IMAGE), ""),
    "any operator": (owned_by("Website", "example.com/v1"), "Website “shop”"),
    "OpenShift": (
        owned_by("DeploymentConfig", "apps.openshift.io/v1"),
        "OpenShift's DeploymentConfig “shop”",
    ),
    "an owner that does not control it": (owned_by("Website", "example.com/v1", controller=False), ""),
    "Keel switched off": ({"annotations": {"keel.sh/policy": "never"}}, ""),
    "Keel by a label": ({"labels": {"keel.sh/policy": "minor"}}, "Keel"),
    "Config Sync": ({"annotations": {"configmanagement.gke.io/managed": "enabled"}}, "Config Sync"),
    "kpt, or GitLab's agent": (
        {"annotations": {"config.k8s.io/owning-inventory": "a1b2"}},
        "an inventory of kpt or GitLab's agent",
    ),
    "KubeVela": ({"labels": {"app.oam.dev/name": "shop"}}, "KubeVela"),
    "Karmada": ({"labels": {"karmada.io/managed": "true"}}, "Karmada"),
    "Tanka": ({"labels": {"tanka.dev/environment": "a1b2"}}, "Tanka"),
    "Skaffold": ({"labels": {"skaffold.dev/run-id": "a1b2"}}, "Skaffold"),
    "Helm, whose label a chart has replaced": (
        {
            "labels": {"app.kubernetes.io/managed-by": "shop-team"},
            "annotations": {"meta.helm.sh/release-name": "shop"},
        },
        "Helm's release “shop”",
    ),
    "an addon that is kept as it was": (
        {"labels": {"addonmanager.kubernetes.io/mode": "Reconcile"}},
        "the addon manager",
    ),
    "an addon that is only seen to be there": (
        {"labels": {"addonmanager.kubernetes.io/mode": "EnsureExists"}},
        "",
    ),
    "Crossplane by its field manager": (written_by("crossplane-kubernetes-provider", **IMAGE), "Crossplane"),
    "Operator Lifecycle Manager": (
        owned_by("ClusterServiceVersion", "operators.coreos.com/v1alpha1", controller=False)
        | {"labels": {"olm.owner": "shop.v1.2.0"}},
        "Operator Lifecycle Manager's “shop.v1.2.0”",
    ),
    "our own label": ({"labels": {"app.kubernetes.io/managed-by": "headway"}}, ""),
}


@pytest.mark.parametrize(("metadata", "expected"), RELATIVES.values(), ids=RELATIVES)
def test_their_relatives_are_named_and_nobody_else(metadata: dict[str, Any], expected: str) -> None:
    assert manager_of(parse.deployment({"metadata": {"name": "shop"} | metadata})) == expected


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        (
            owned_by("Revision", "serving.knative.dev/v1"),
            "belongs to Knative's Revision “shop”, whose operator",
        ),
        ({"deletionTimestamp": "2026-11-28T10:00:00Z"}, "is being deleted"),
    ],
)
def test_what_an_operator_owns_or_is_going_is_not_ours_to_change(
    metadata: dict[str, Any], words: str
) -> None:
    assert words in not_ours_to_change(parse.deployment({"metadata": {"name": "shop"} | metadata}))


def test_what_another_tool_also_manages_may_be_changed() -> None:
    thing = {"metadata": {"name": "shop", "annotations": {"keel.sh/policy": "force"}}}

    assert not_ours_to_change(parse.deployment(thing)) == ""


@pytest.mark.parametrize(
    ("kind", "group"),
    [("Deployment", "apps"), ("StatefulSet", "apps"), ("DaemonSet", "apps"), ("CronJob", "batch")],
)
def test_every_kind_is_tracked_by_its_own_group_and_named_as_what_it_is(kind: str, group: str) -> None:
    tracked = {"argocd.argoproj.io/tracking-id": f"blog:{group}/{kind}:sites/shop"}
    thing = {"metadata": {"name": "shop", "namespace": "sites", "annotations": tracked}}
    leaving = {"metadata": thing["metadata"] | {"deletionTimestamp": "2026-11-28T10:00:00Z"}}

    assert manager_of(parse.WORKLOADS[kind](thing)) == "Argo CD's application “blog”"
    assert not_ours_to_change(parse.WORKLOADS[kind](leaving)).startswith(f"{kind} shop is being deleted")
