"""From the API server's JSON to hosts and Services. Nothing raises: what is odd is not there."""

from collections.abc import Iterator

from deployments.clients.cluster.fields import child, children, strings, text, texts
from deployments.clients.cluster.transport import Json
from deployments.rules.routes import Route, Service


def ingress_routes(thing: Json) -> Iterator[Route]:
    """https://kubernetes.io/docs/reference/kubernetes-api/service-resources/ingress-v1/."""
    for rule in children(child(thing, "spec"), "rules"):
        paths = children(child(rule, "http"), "paths")
        services = (text(child(path, "backend", "service"), "name") for path in paths)
        yield Route(hosts=(text(rule, "host"),), services=frozenset(services) - {""})


def http_route(thing: Json) -> Route:
    """https://gateway-api.sigs.k8s.io/reference/spec/#httproutespec. A backend of another namespace is none of ours."""
    spec, here = child(thing, "spec"), text(child(thing, "metadata"), "namespace")
    backends = (
        each
        for rule in children(spec, "rules")
        for each in children(rule, "backendRefs")
        if _is_ours(each, here)
    )
    services = frozenset(text(each, "name") for each in backends)
    return Route(hosts=texts(spec, "hostnames"), services=services - {""})


def service(thing: Json) -> Service:
    """https://kubernetes.io/docs/reference/kubernetes-api/service-resources/service-v1/."""
    return Service(
        name=text(child(thing, "metadata"), "name"), selector=strings(child(thing, "spec"), "selector")
    )


def _is_ours(backend: Json, namespace: str) -> bool:
    is_service = (text(backend, "kind") or "Service") == "Service" and not text(backend, "group")
    return is_service and (text(backend, "namespace") or namespace) == namespace
