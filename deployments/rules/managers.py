"""Who else manages a Deployment, by the labels and annotations that they leave on it.

Argo CD: https://argo-cd.readthedocs.io/en/stable/user-guide/resource_tracking/ (the annotation names the very object, so that a
copy of it counts for nothing); Flux: https://fluxcd.io/flux/faq/ (labels of kustomize-controller and helm-controller);
Helm: https://helm.sh/docs/topics/charts_best_practices/labels/ and `meta.helm.sh/release-name`.
"""

from deployments.rules.workloads import Workload

_ARGO_TRACKING = "argocd.argoproj.io/tracking-id"
_ARGO_LABEL = "argocd.argoproj.io/instance"
_FLUX_KUSTOMIZE = "kustomize.toolkit.fluxcd.io/name"
_FLUX_HELM = "helm.toolkit.fluxcd.io/name"
_MANAGED_BY = "app.kubernetes.io/managed-by"
_HELM_RELEASE = "meta.helm.sh/release-name"


def manager_of(deployment: Workload) -> str:
    """Like `Argo CD's application “blog”`; empty where nobody else is known to manage it.

    Flux installs charts by Helm, and Argo CD renders them: so they are looked for first.
    """
    labels, annotations = deployment.labels, deployment.annotations
    application = _tracked(annotations.get(_ARGO_TRACKING), deployment) or labels.get(_ARGO_LABEL)
    if application:
        return f"Argo CD's application “{application}”"
    if name := labels.get(_FLUX_KUSTOMIZE):
        return f"Flux's Kustomization “{name}”"
    if name := labels.get(_FLUX_HELM):
        return f"Flux's HelmRelease “{name}”"
    if labels.get(_MANAGED_BY) == "Helm" and (name := annotations.get(_HELM_RELEASE)):
        return f"Helm's release “{name}”"
    return ""


def _tracked(tracking_id: str | None, deployment: Workload) -> str:
    """The application that `name:apps/Deployment:namespace/name` names, where the rest names this object."""
    application, _, of = (tracking_id or "").partition(":")
    own = f"apps/Deployment:{deployment.namespace}/{deployment.name}"
    return application if of == own else ""
