"""Where workloads answer: Ingresses, HTTPRoutes and Knative's DomainMappings name hosts and Services, and a Service picks pods by their labels."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from deployments.rules.workloads import Workload


@dataclass(frozen=True, kw_only=True)
class Route:
    """One rule of an Ingress, an HTTPRoute or a DomainMapping: hosts that lead to Services in its namespace."""

    hosts: tuple[str, ...] = ()
    services: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Service:
    name: str
    selector: Mapping[str, str] = field(default_factory=dict)
    """What its pods' labels must have; a Service without one picks no pods."""


class HostIndex:
    """The hosts of any number of workloads, without asking each route and each Service about each workload.

    `services` is None where they may not be listed: then a Service is taken for a workload's that has its name.
    """

    def __init__(self, routes: Iterable[Route], services: Iterable[Service] | None) -> None:
        self._by_service: dict[str, list[tuple[int, str]]] = defaultdict(list)
        """Each with its place in the order of the routes."""
        for number, (service, host) in enumerate(_pairs(routes)):
            self._by_service[service].append((number, host))
        self._by_label = None if services is None else _by_rarest_label(services)

    def hosts_of(self, workload: Workload) -> list[str]:
        """The hosts that lead to the workload's pods, without wildcards, in the order of the routes."""
        found = sorted(pair for service in self._services_of(workload) for pair in self._by_service[service])
        return list(dict.fromkeys(host.lower() for _, host in found))

    def _services_of(self, workload: Workload) -> Iterator[str]:
        if self._by_label is None:
            yield from {workload.name} & self._by_service.keys()
            return
        labels = workload.template.labels
        for label in labels.items():
            for service in self._by_label.get(label, ()):
                if service.name in self._by_service and service.selector.items() <= labels.items():
                    yield service.name


def _pairs(routes: Iterable[Route]) -> Iterator[tuple[str, str]]:
    for route in routes:
        for host in route.hosts:
            if host and "*" not in host:
                yield from ((service, host) for service in sorted(route.services))


def _by_rarest_label(services: Iterable[Service]) -> Mapping[tuple[str, str], list[Service]]:
    """Each Service once, by the label that the fewest of them select by: one that all have, such as a release's, distinguishes none."""
    selecting = [each for each in services if each.selector]
    count = Counter(label for each in selecting for label in each.selector.items())
    found: dict[tuple[str, str], list[Service]] = defaultdict(list)
    for each in selecting:
        found[min(each.selector.items(), key=lambda label: count[label])].append(each)
    return found
