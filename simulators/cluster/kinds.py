"""The kinds of object that this cluster knows, and what can be done with each."""

from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """One resource of the API, as discovery describes it."""

    plural: str
    kind: str
    group: str = ""
    namespaced: bool = True
    verbs: tuple[str, ...] = ("get", "list", "watch")
    short_names: tuple[str, ...] = ()
    all_category: bool = False
    version: str = "v1"

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def qualified(self) -> str:
        return f"{self.plural}.{self.group}" if self.group else self.plural


_WRITABLE = ("create", "delete", "get", "list", "patch", "update", "watch")
NAMESPACES = Kind("namespaces", "Namespace", namespaced=False, verbs=_WRITABLE, short_names=("ns",))
PODS = Kind("pods", "Pod", verbs=("delete", "get", "list", "watch"), short_names=("po",), all_category=True)
EVENTS = Kind("events", "Event", short_names=("ev",))
DEPLOYMENTS = Kind(
    "deployments", "Deployment", "apps", verbs=_WRITABLE, short_names=("deploy",), all_category=True
)
REPLICA_SETS = Kind("replicasets", "ReplicaSet", "apps", short_names=("rs",), all_category=True)
STATEFUL_SETS = Kind(
    "statefulsets", "StatefulSet", "apps", verbs=_WRITABLE, short_names=("sts",), all_category=True
)
DAEMON_SETS = Kind("daemonsets", "DaemonSet", "apps", verbs=_WRITABLE, short_names=("ds",), all_category=True)
CONTROLLER_REVISIONS = Kind("controllerrevisions", "ControllerRevision", "apps")
CRON_JOBS = Kind("cronjobs", "CronJob", "batch", verbs=_WRITABLE, short_names=("cj",), all_category=True)
JOBS = Kind("jobs", "Job", "batch", verbs=_WRITABLE, all_category=True)
ACCESS_REVIEWS = Kind(
    "selfsubjectaccessreviews",
    "SelfSubjectAccessReview",
    "authorization.k8s.io",
    namespaced=False,
    verbs=("create",),
)
SELF_REVIEWS = Kind(
    "selfsubjectreviews", "SelfSubjectReview", "authentication.k8s.io", namespaced=False, verbs=("create",)
)

SECRETS = Kind("secrets", "Secret", verbs=_WRITABLE)
SERVICE_ACCOUNTS = Kind("serviceaccounts", "ServiceAccount", verbs=_WRITABLE, short_names=("sa",))
ROLES = Kind("roles", "Role", "rbac.authorization.k8s.io", verbs=_WRITABLE)
ROLE_BINDINGS = Kind("rolebindings", "RoleBinding", "rbac.authorization.k8s.io", verbs=_WRITABLE)
HTTP_ROUTES = Kind("httproutes", "HTTPRoute", "gateway.networking.k8s.io", verbs=_WRITABLE)
"""Of the Gateway API."""
DOMAIN_MAPPINGS = Kind(
    "domainmappings", "DomainMapping", "serving.knative.dev", verbs=_WRITABLE, version="v1beta1"
)
"""Of Knative."""
CUSTOM = (HTTP_ROUTES, DOMAIN_MAPPINGS)
"""Those whose schema is not among Kubernetes' own."""
PLAIN = (
    SECRETS,
    ROLES,
    ROLE_BINDINGS,
    Kind("configmaps", "ConfigMap", verbs=_WRITABLE, short_names=("cm",)),
    Kind("services", "Service", verbs=_WRITABLE, short_names=("svc",), all_category=True),
    SERVICE_ACCOUNTS,
    Kind("ingresses", "Ingress", "networking.k8s.io", verbs=_WRITABLE, short_names=("ing",)),
    *CUSTOM,
    Kind("networkpolicies", "NetworkPolicy", "networking.k8s.io", verbs=_WRITABLE, short_names=("netpol",)),
    Kind("poddisruptionbudgets", "PodDisruptionBudget", "policy", verbs=_WRITABLE, short_names=("pdb",)),
)
"""Kept as they come, with no controller behind them."""
WORKLOADS = (DEPLOYMENTS, STATEFUL_SETS, DAEMON_SETS, CRON_JOBS, JOBS)
"""What people write, and what has a pod's template in it."""
KINDS = (
    NAMESPACES,
    PODS,
    EVENTS,
    DEPLOYMENTS,
    REPLICA_SETS,
    STATEFUL_SETS,
    DAEMON_SETS,
    CONTROLLER_REVISIONS,
    CRON_JOBS,
    JOBS,
    ACCESS_REVIEWS,
    SELF_REVIEWS,
    *PLAIN,
)
DEPENDENTS = {
    DEPLOYMENTS.plural: (REPLICA_SETS,),
    REPLICA_SETS.plural: (PODS,),
    STATEFUL_SETS.plural: (PODS, CONTROLLER_REVISIONS),
    DAEMON_SETS.plural: (PODS, CONTROLLER_REVISIONS),
    CRON_JOBS.plural: (JOBS,),
    JOBS.plural: (PODS,),
}
"""What each kind's controller makes, and what goes with it."""
SUBRESOURCES = {
    (DEPLOYMENTS.plural, "scale"): ("get", "patch", "update"),
    (STATEFUL_SETS.plural, "scale"): ("get", "patch", "update"),
    (PODS.plural, "log"): ("get",),
    (SERVICE_ACCOUNTS.plural, "token"): ("create",),
} | {(kind.plural, "status"): ("get", "patch", "update") for kind in (*WORKLOADS, PODS)}


def pod_template(thing: Json) -> Json:
    """The template of a workload's pods; of a CronJob, that of its Jobs' pods."""
    spec: Json = thing["spec"]
    template: Json = (
        spec["jobTemplate"]["spec"]["template"] if thing["kind"] == "CronJob" else spec["template"]
    )
    return template


def find_kind(api_version: str, plural: str) -> Kind | None:
    return next((kind for kind in KINDS if kind.api_version == api_version and kind.plural == plural), None)


def kind_of(thing: Json) -> Kind:
    """The kind of an object; raises KeyError for one that is not known here."""
    found = next((kind for kind in KINDS if kind.kind == thing.get("kind")), None)
    if found is None or found.api_version != thing.get("apiVersion"):
        raise KeyError(f"{thing.get('apiVersion')}, Kind={thing.get('kind')}")
    return found
