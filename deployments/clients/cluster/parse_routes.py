"""From the API server's JSON to hosts and Services. Nothing raises: what is odd counts as absent."""

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
    """https://gateway-api.sigs.k8s.io/reference/spec/#httproutespec. A backend in another namespace is not ours."""
    spec, here = child(thing, "spec"), text(child(thing, "metadata"), "namespace")
    backends = (
        each
        for rule in children(spec, "rules")
        for each in children(rule, "backendRefs")
        if _is_ours(each, here)
    )
    services = frozenset(text(each, "name") for each in backends)
    return Route(hosts=texts(spec, "hostnames"), services=services - {""})


def domain_mapping(thing: Json) -> Route:
    """https://knative.dev/docs/serving/reference/serving-api/#serving.knative.dev/v1beta1.DomainMapping.

    Its name is the host. One that leads to a Knative Service leads to nothing that a site can map: Knative sets those images.
    """
    metadata, backend = child(thing, "metadata"), child(thing, "spec", "ref")
    is_ours = text(backend, "apiVersion") == "v1" and _is_ours(backend, text(metadata, "namespace"))
    services = frozenset({text(backend, "name")} if is_ours else ())
    return Route(hosts=(text(metadata, "name"),), services=services - {""})


def service(thing: Json) -> Service:
    """https://kubernetes.io/docs/reference/kubernetes-api/service-resources/service-v1/."""
    return Service(
        name=text(child(thing, "metadata"), "name"), selector=strings(child(thing, "spec"), "selector")
    )


def _is_ours(backend: Json, namespace: str) -> bool:
    is_service = (text(backend, "kind") or "Service") == "Service" and not text(backend, "group")
    return is_service and (text(backend, "namespace") or namespace) == namespace
