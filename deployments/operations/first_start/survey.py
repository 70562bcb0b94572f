"""What the cluster shows: the workloads of each namespace that no site maps, and where they answer."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from deployments.clients.cluster import Cluster, ClusterError, ClusterRefused, NotFound
from deployments.operations.doctor.cluster import rights_suffice_for
from deployments.operations.doctor.findings import Finding, bad, good, warning
from deployments.rules.discovery import (
    Candidate,
    by_operators,
    candidates,
    label_candidates,
    together,
    unnameable,
)
from deployments.rules.permissions import NamespaceMapping
from deployments.rules.routes import HostIndex, Route, Service
from deployments.rules.suggestions import TAG_BY_COMMIT
from deployments.rules.wording import counted
from deployments.rules.workloads import Workload, WorkloadKind

ROUTES_COMPONENT = "k8s/components/routes"
WORKLOADS_COMPONENT = "k8s/components/workloads"
NAMED_AT_MOST = 10
"""Workloads of a namespace that are listed, or checked, one by one: thousands would fill the page, and take minutes."""
IS_IT_THERE = "Check the namespace's name and the worker's Role there, then search again."


@dataclass
class Survey:
    """`findings` are the cluster's lines; `apps` are the candidates of one image repository and namespace each."""

    findings: list[Finding] = field(default_factory=list)
    apps: list[tuple[Candidate, ...]] = field(default_factory=list)
    by_label: set[Candidate] = field(default_factory=set)
    hosts: dict[str, list[str]] = field(default_factory=dict)
    """By the place of a workload."""


def survey(
    cluster: Cluster, *, namespaces: Sequence[str], mapped: Collection[str], prefixes: Sequence[str]
) -> Survey:
    """Search each namespace: one LIST for each kind, Services and routes. One that cannot be read is a line, and hides no other."""
    found = Survey()
    found.findings += _account(cluster)
    for namespace in namespaces:
        listed, closed, problem = _workloads(cluster, namespace)
        if problem:
            found.findings.append(bad(f"Namespace {namespace}", problem, IS_IT_THERE))
            continue
        found.findings += _closed(namespace, closed)
        tagged = list(candidates(listed, mapped=mapped))
        labelled = list(label_candidates(listed, mapped=mapped, prefixes=prefixes))
        found.by_label |= set(labelled)
        found.apps += together([*tagged, *labelled])
        found.findings += _rights(cluster, namespace, [*tagged, *labelled])
        found.findings += _unnameable(namespace, listed, mapped)
        found.findings += _operated(namespace, listed)
        found.findings += _hosts(cluster, namespace, listed, found.hosts)
    return found


def _account(cluster: Cluster) -> Iterator[Finding]:
    try:
        yield good("Account", f"The worker is connected as {cluster.user_name()}.")
    except NotFound:
        # Before Kubernetes 1.28 nobody can ask; the namespaces' lines say the rest.
        return
    except ClusterError as error:
        yield bad("Account", str(error), "Check KUBECONFIG or the ServiceAccount, then search again.")


def _workloads(cluster: Cluster, namespace: str) -> tuple[list[Workload], list[WorkloadKind], str]:
    """All of them, the kinds that may not be listed, and why they are unknown. Only Deployments have to be readable."""
    found: list[Workload] = []
    closed: list[WorkloadKind] = []
    for kind in WorkloadKind:
        try:
            found += cluster.workloads(kind, namespace)
        except ClusterError as error:
            if kind is WorkloadKind.DEPLOYMENT or not isinstance(error, ClusterRefused):
                return [], [], str(error)
            closed.append(kind)
    return found, closed, ""


def _closed(namespace: str, kinds: Sequence[WorkloadKind]) -> Iterator[Finding]:
    if kinds:
        names = " and ".join(
            ", ".join(f"{each}s" for each in some) for some in (kinds[:-1], kinds[-1:]) if some
        )
        message = f"{names} are not searched: the worker may not list them. That right is optional ({WORKLOADS_COMPONENT})."
        yield good(f"Kinds in {namespace}", message)


def _rights(cluster: Cluster, namespace: str, found: Sequence[Candidate]) -> Iterator[Finding]:
    """Whether the worker may do with them what a site needs. Where a Role names workloads, the first few are asked about."""
    if not found:
        message = "It has no workload that could be a new site: none whose image carries a commit."
        yield good(f"Namespace {namespace}", message)
        return
    names: dict[str, set[str]] = {}
    for each in found:
        asked = names.setdefault(each.reference.kind, set())
        if len(asked) < NAMED_AT_MOST:
            asked.add(each.reference.name)
    yield from rights_suffice_for(cluster, [NamespaceMapping(namespace=namespace, names=names)])


def _unnameable(namespace: str, listed: Sequence[Workload], mapped: Collection[str]) -> Iterator[Finding]:
    """The first few, and how many more there are."""
    without = list(unnameable(listed, mapped=mapped))
    for each in without[:NAMED_AT_MOST]:
        yield warning(each.reference.place, each.reason, TAG_BY_COMMIT)
    if (more := len(without) - NAMED_AT_MOST) > 0:
        message = f"No image template can name the images of {counted(more, 'more workload')}."
        yield warning(f"Namespace {namespace}", message, TAG_BY_COMMIT)


def _operated(namespace: str, listed: Sequence[Workload]) -> Iterator[Finding]:
    if theirs := by_operators(listed):
        message = (
            f"{counted(len(theirs), 'workload')} not proposed, since an operator sets the image: {theirs[0]}"
        )
        yield good(f"Operators in {namespace}", f"{message}{', …' if theirs[1:] else ''}.")


def _hosts(
    cluster: Cluster, namespace: str, workloads: Sequence[Workload], hosts: dict[str, list[str]]
) -> Iterator[Finding]:
    """Fill `hosts` as far as that may be read: the right to it is optional."""
    try:
        routes = [
            *cluster.ingresses(namespace),
            *_optional(cluster.http_routes, namespace),
            *_optional(cluster.domain_mappings, namespace),
        ]
        services = _services(cluster, namespace)
    except ClusterRefused:
        message = f"Hosts are not proposed: the worker may not list Ingresses. That right is optional ({ROUTES_COMPONENT})."
        yield good(f"Hosts in {namespace}", message)
        return
    except ClusterError as error:
        yield warning(
            f"Hosts in {namespace}", str(error), "Hosts are not proposed. Type them, or search again."
        )
        return
    by_place = _by_place(workloads, routes, services)
    hosts |= by_place
    count = len({host for each in by_place.values() for host in each})
    yield good(f"Hosts in {namespace}", f"{count} found in Ingresses, HTTPRoutes and DomainMappings.")


def _optional(routes: Callable[[str], list[Route]], namespace: str) -> list[Route]:
    """None where the cluster does not know the kind, or they may not be listed."""
    try:
        return routes(namespace)
    except (NotFound, ClusterRefused):
        return []


def _services(cluster: Cluster, namespace: str) -> list[Service] | None:
    try:
        return cluster.services(namespace)
    except ClusterRefused:
        return None


def _by_place(
    workloads: Sequence[Workload], routes: Sequence[Route], services: Sequence[Service] | None
) -> Mapping[str, list[str]]:
    index = HostIndex(routes, services)
    return {
        f"{each.kind} {each.name} in namespace {each.namespace}": hosts
        for each in workloads
        if (hosts := index.hosts_of(each))
    }
