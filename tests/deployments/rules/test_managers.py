"""Who else manages a Deployment, by what they leave on it."""

import pytest

from deployments.clients.cluster import parse
from deployments.rules.managers import manager_of

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
