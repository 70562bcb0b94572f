"""Who else manages a Deployment, by what they leave on it: labels and annotations, owners, and the API server's own record.

Argo CD: https://argo-cd.readthedocs.io/en/stable/user-guide/resource_tracking/ (the annotation names the very object, so that a
copy of it counts for nothing); Flux: https://fluxcd.io/flux/faq/ (labels of kustomize-controller and helm-controller);
Helm: https://helm.sh/docs/topics/charts_best_practices/labels/ and `meta.helm.sh/release-name`;
Fleet: https://fleet.rancher.io/; kapp: https://carvel.dev/kapp/docs/latest/apply/; Keel: https://keel.sh/docs/#policies;
Config Sync: https://cloud.google.com/kubernetes-engine/config-sync/docs/reference/labels-and-annotations;
the addon manager: https://github.com/kubernetes/kubernetes/tree/master/cluster/addons/addon-manager;
kpt and GitLab's agent, both by cli-utils: https://github.com/kubernetes-sigs/cli-utils; KubeVela: https://kubevela.io/docs/;
Karmada: https://karmada.io/docs/; Tanka: https://tanka.dev/garbage-collection/; Skaffold: https://skaffold.dev/docs/;
OLM, whose owner reference is no controller's: https://olm.operatorframework.io/.
"""

from collections.abc import Callable, Iterator

from deployments.rules.pods import Owner
from deployments.rules.workloads import OUR_MANAGER, Workload, WorkloadKind

_ARGO_TRACKING = "argocd.argoproj.io/tracking-id"
_ARGO_LABEL = "argocd.argoproj.io/instance"
_FLUX_KUSTOMIZE = "kustomize.toolkit.fluxcd.io/name"
_FLUX_HELM = "helm.toolkit.fluxcd.io/name"
_FLEET_ID, _FLEET_HASH = "objectset.rio.cattle.io/id", "objectset.rio.cattle.io/hash"
_BY_LABEL = {
    "kapp.k14s.io/app": "kapp",
    "app.oam.dev/name": "KubeVela",
    "karmada.io/managed": "Karmada",
    "tanka.dev/environment": "Tanka",
    "skaffold.dev/run-id": "Skaffold",
}
_INVENTORY = "config.k8s.io/owning-inventory"
_KEEL = "keel.sh/policy"
_KEEL_OFF = frozenset({"", "never"})
_CONFIG_SYNC = "configmanagement.gke.io/managed"
_ADDON, _ADDON_KEPT = "addonmanager.kubernetes.io/mode", "Reconcile"
_OLM_OWNER = "olm.owner"
_MANAGED_BY = "app.kubernetes.io/managed-by"
_INSTANCE = "app.kubernetes.io/instance"
_HELM, _HELM_RELEASE = "Helm", "meta.helm.sh/release-name"

_FIELD_MANAGERS = {
    "argocd-controller": "Argo CD",
    "argocd-application-controller": "Argo CD",
    "argocd-server": "Argo CD",
    "kustomize-controller": "Flux",
    "helm-controller": "Flux",
    "fleetagent": "Rancher Fleet",
    "fleet-agent": "Rancher Fleet",
    "kapp-server": "kapp",
    "keel": "Keel",
    "configsync": "Config Sync",
    "Terraform": "Terraform",
    "HashiCorp": "Terraform",
    "pulumi-kubernetes": "Pulumi",
    "werf": "werf",
    "crossplane": "Crossplane",
}
"""Beginnings of the names that they write under; one that is not known manages what it applies an image to."""
_BY_HAND = ("kubectl", OUR_MANAGER)
_ARGO = "Argo CD"
_OPERATORS = {"serving.knative.dev": "Knative", "apps.openshift.io": "OpenShift", "argoproj.io": "Argo"}


def manager_of(deployment: Workload) -> str:
    """Like `Argo CD's application “blog”`; empty where nobody else is known to manage it.

    Flux installs charts by Helm, and Argo CD renders them: so they are looked for first.
    """
    return next((name for find in _FINDERS for name in find(deployment) if name), "")


def not_ours_to_change(deployment: Workload) -> str:
    """Why this Deployment is neither deployed to nor suggested as a site; empty where it may be."""
    if deployment.is_terminating:
        return f"{deployment.kind} {deployment.name} is being deleted. Wait until it is back, or correct the mapping."
    if operator := operator_of(deployment):
        return (
            f"{deployment.kind} {deployment.name} belongs to {operator}, whose operator sets its image. "
            "Deploy through that, and remove this mapping."
        )
    return ""


def operator_of(deployment: Workload) -> str:
    """Like `Knative's Revision “blog-00001”`, whose operator sets the image; empty where none does."""
    return "".join(_owned(deployment))


def _argo(deployment: Workload) -> Iterator[str]:
    labels, annotations = deployment.labels, deployment.annotations
    if application := _tracked(annotations.get(_ARGO_TRACKING), deployment) or labels.get(_ARGO_LABEL):
        yield f"Argo CD's application “{application}”"


def _flux(deployment: Workload) -> Iterator[str]:
    if name := deployment.labels.get(_FLUX_KUSTOMIZE):
        yield f"Flux's Kustomization “{name}”"
    if name := deployment.labels.get(_FLUX_HELM):
        yield f"Flux's HelmRelease “{name}”"


def _owned(deployment: Workload) -> Iterator[str]:
    if owner := _controller(deployment):
        yield _owner_name(owner)


def _others(deployment: Workload) -> Iterator[str]:
    labels, annotations = deployment.labels, deployment.annotations
    if _FLEET_HASH in labels or _FLEET_ID in annotations:
        yield _called("Rancher Fleet's bundle", "Rancher Fleet", annotations.get(_FLEET_ID))
    yield from (name for mark, name in _BY_LABEL.items() if mark in labels)
    if _INVENTORY in annotations:
        yield "an inventory of kpt or GitLab's agent"
    if annotations.get(_CONFIG_SYNC) == "enabled":
        yield "Config Sync"
    if labels.get(_ADDON) == _ADDON_KEPT:
        yield "the addon manager"
    if operator := labels.get(_OLM_OWNER):
        yield f"Operator Lifecycle Manager's “{operator}”"
    # Keel reads its policy from either.
    if (annotations.get(_KEEL) or labels.get(_KEEL) or "") not in _KEEL_OFF:
        yield "Keel"


def _recorded(deployment: Workload) -> Iterator[str]:
    """Who wrote its spec; those who wrote its status or scaled it do not manage it."""
    for entry in deployment.managers:
        name = next((name for start, name in _FIELD_MANAGERS.items() if entry.manager.startswith(start)), "")
        if name and not entry.subresource:
            instance = deployment.labels.get(_INSTANCE) if name == _ARGO else ""
            yield _called("Argo CD's application", name, instance)
    for entry in deployment.managers:
        is_declared = entry.operation == "Apply" and entry.images
        if is_declared and not entry.manager.startswith(_BY_HAND):
            yield f"“{entry.manager}”"


def _labelled(deployment: Workload) -> Iterator[str]:
    """By the recommended label, which charts carry as well where they are rendered and applied by hand."""
    name, release = deployment.labels.get(_MANAGED_BY, ""), deployment.annotations.get(_HELM_RELEASE)
    if release:
        yield f"Helm's release “{release}”"
    elif name not in {_HELM, OUR_MANAGER}:
        yield f"“{name}”" if name else ""


_FINDERS: tuple[Callable[[Workload], Iterator[str]], ...] = (
    _argo,
    _flux,
    _owned,
    _others,
    _recorded,
    _labelled,
)


def _called(what: str, otherwise: str, name: str | None) -> str:
    return f"{what} “{name}”" if name else otherwise


def _controller(deployment: Workload) -> Owner | None:
    return next((each for each in deployment.owners if each.is_controller), None)


def _owner_name(owner: Owner) -> str:
    group = owner.api_version.partition("/")[0] if "/" in owner.api_version else ""
    whose = next((name for end, name in _OPERATORS.items() if group == end or group.endswith(f".{end}")), "")
    return f"{whose}'s {owner.kind} “{owner.name}”" if whose else f"{owner.kind} “{owner.name}”"


def _tracked(tracking_id: str | None, deployment: Workload) -> str:
    """The application that `name:apps/Deployment:namespace/name` names, where the rest names this object."""
    application, _, of = (tracking_id or "").partition(":")
    own = f"{WorkloadKind(deployment.kind).group}/{deployment.kind}:{deployment.namespace}/{deployment.name}"
    return application if of == own else ""
