"""Where workloads answer: Ingresses, HTTPRoutes and Knative's DomainMappings name hosts and Services, and a Service picks pods by their labels."""

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


def hosts_of(workload: Workload, *, routes: Iterable[Route], services: Iterable[Service] | None) -> list[str]:
    """The hosts that lead to the workload's pods, without wildcards, in the order of the routes.

    `services` is None where they may not be listed: then a Service is taken for the workload's that has its name.
    """
    mine = {workload.name} if services is None else set(_services_of(workload, services))
    hosts = [host for route in routes if mine & route.services for host in route.hosts]
    return list(dict.fromkeys(host.lower() for host in hosts if host and "*" not in host))


def _services_of(workload: Workload, services: Iterable[Service]) -> Iterator[str]:
    labels = workload.template.labels
    for service in services:
        if service.selector and service.selector.items() <= labels.items():
            yield service.name
