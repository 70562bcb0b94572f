"""What the worker may do in a namespace with sites, in RBAC's words: exactly what the mapped kinds need.

k8s/base/role.yaml says the same of Deployments, and k8s/components/workloads of the other kinds; tests compare them.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from deployments.rules.workloads import WorkloadKind

ROLE = "headway-worker"
RELEASE = "release"
_RBAC = "rbac.authorization.k8s.io"
Value: TypeAlias = "str | Sequence[Value] | Mapping[str, Value]"


@dataclass(frozen=True)
class Permission:
    group: str
    resource: str
    """Its subresource follows a slash."""
    verbs: tuple[str, ...]
    named: bool = False
    """Whether it can be narrowed to names: a list has no name, and neither has what is yet to be created."""
    what_for: str = ""
    kind: str = ""
    """The kind of workload that needs it, or RELEASE; empty where every one does."""


@dataclass(frozen=True, kw_only=True)
class NamespaceMapping:
    """What sites name in one namespace: workloads by kind, and the CronJobs from which release jobs are made."""

    namespace: str
    names: Mapping[str, Collection[str]]
    release_jobs: Collection[str] = field(default_factory=frozenset)


@dataclass(frozen=True, kw_only=True)
class ServiceAccount:
    name: str
    namespace: str


def permissions_for(kinds: Iterable[str], *, release_jobs: bool = False) -> tuple[Permission, ...]:
    """What is needed where workloads of these kinds are mapped, and perhaps release jobs."""
    mapped = frozenset(kinds)
    needed = [each for kind in WorkloadKind if kind in mapped for each in _of_kind(kind)]
    if WorkloadKind.DEPLOYMENT in mapped:
        what_for = "telling old pods from new ones"
        needed.append(
            Permission("apps", "replicasets", ("list",), what_for=what_for, kind=WorkloadKind.DEPLOYMENT)
        )
    needed += (_RELEASE_JOBS if release_jobs else ()) + (_EVERYWHERE if mapped or release_jobs else ())
    return tuple(needed)


def _of_kind(kind: WorkloadKind) -> Iterator[Permission]:
    yield Permission(kind.group, kind.resource, ("get", "patch"), named=True, what_for="deploying", kind=kind)
    yield Permission(kind.group, kind.resource, ("list",), what_for="seeing what runs", kind=kind)


_RELEASE_JOBS = (
    Permission("batch", "cronjobs", ("get",), named=True, what_for="reading release jobs", kind=RELEASE),
    Permission("batch", "jobs", ("create", "get"), what_for="running release jobs", kind=RELEASE),
)
_EVERYWHERE = (
    Permission("", "pods", ("list",), what_for="following rollouts"),
    Permission("", "events", ("list",), what_for="explaining failures"),
    Permission("", "pods/log", ("get",), what_for="quoting a crash's last lines"),
)
PERMISSIONS = permissions_for([WorkloadKind.DEPLOYMENT])
"""What Deployments need."""


def roles(mappings: Iterable[NamespaceMapping], *, account: ServiceAccount) -> Iterator[Mapping[str, Value]]:
    """A Role for each namespace that names exactly what is mapped there, and its RoleBinding, as manifests."""
    for mapping in mappings:
        metadata = {"name": ROLE, "namespace": mapping.namespace}
        yield {
            "apiVersion": f"{_RBAC}/v1",
            "kind": "Role",
            "metadata": metadata,
            "rules": list(_rules(mapping)),
        }
        yield {
            "apiVersion": f"{_RBAC}/v1",
            "kind": "RoleBinding",
            "metadata": dict(metadata),
            "roleRef": {"apiGroup": _RBAC, "kind": "Role", "name": ROLE},
            "subjects": [{"kind": "ServiceAccount", "name": account.name, "namespace": account.namespace}],
        }


def _rules(mapping: NamespaceMapping) -> Iterator[Mapping[str, Value]]:
    names = {**mapping.names, RELEASE: mapping.release_jobs}
    # Without names a rule would allow everything of its kind.
    kinds = [kind for kind, mapped in mapping.names.items() if mapped]
    for permission in permissions_for(kinds, release_jobs=bool(mapping.release_jobs)):
        rule: dict[str, Value] = {
            "apiGroups": [permission.group],
            "resources": [permission.resource],
            "verbs": list(permission.verbs),
        }
        yield rule | ({"resourceNames": sorted(names[permission.kind])} if permission.named else {})
